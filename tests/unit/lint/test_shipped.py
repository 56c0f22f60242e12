"""The playbooks that kplay ships are clean, and lint costs little."""

from __future__ import annotations

from pathlib import Path

import pytest

from kplay.cli.main import main
from kplay.errors import ExitCode

ROOT = Path(__file__).parents[3]


SHIPPED = sorted(path.name for path in (ROOT / "playbooks").glob("*.yml"))


@pytest.mark.parametrize("playbooks", [*([one] for one in SHIPPED), SHIPPED])
@pytest.mark.parametrize("inventory", [True, False])
def test_shipped_playbooks_are_clean(
    playbooks: list[str],
    inventory: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("KPLAY_INVENTORY", raising=False)
    hosts = tmp_path / "hosts.ini"
    groups = {
        "control_plane": ["cp1"],
        "workers": ["w1", "w2"],
        "server": ["s1", "s2", "s3"],
        "agent": ["a1"],
        "rke2_servers": ["r1", "r2", "r3"],
        "rke2_agents": ["ra1"],
    }
    hosts.write_text("".join(f"[{name}]\n" + "\n".join(groups[name]) + "\n" for name in groups))
    given = ["-i", str(hosts)] if inventory else []
    code = main(["lint", "--strict", *given, *(f"playbooks/{one}" for one in playbooks)])
    out = capsys.readouterr().out
    assert out.startswith("lint: nothing found in ")
    assert code == ExitCode.OK
