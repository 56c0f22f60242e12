"""The playbooks that kplay ships are clean, and lint costs little."""

from __future__ import annotations

from pathlib import Path

import pytest

from kplay.cli.main import main
from kplay.errors import ExitCode

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("playbook", ["kubeadm.yml", "reset.yml"])
@pytest.mark.parametrize("inventory", [True, False])
def test_shipped_playbooks_are_clean(
    playbook: str,
    inventory: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("KPLAY_INVENTORY", raising=False)
    hosts = tmp_path / "hosts.ini"
    hosts.write_text("[control_plane]\ncp1\n[workers]\nw1\nw2\n")
    given = ["-i", str(hosts)] if inventory else []
    code = main(["lint", "--strict", *given, f"playbooks/{playbook}"])
    out = capsys.readouterr().out
    assert out.startswith("lint: nothing found in ")
    assert code == ExitCode.OK
