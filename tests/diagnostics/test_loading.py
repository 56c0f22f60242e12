"""Every case of wrong input, with the whole of what the user is shown.

A case is a folder with a playbook, an inventory or both, and ``expected.txt``. With
KPLAY_GOLDEN=write the expectations are written anew; read the difference before committing it.
"""

import os
from pathlib import Path

import pytest

from kplay.diagnostics import render
from kplay.errors import ExitCode, InputError
from kplay.graph.build import build
from kplay.inventory.load import load as load_inventory
from kplay.inventory.patterns import select
from kplay.playbook.load import load as load_playbook
from kplay.vault.keyring import Keyring
from kplay.vault.sources import identities

CASES = Path(__file__).parent / "loading"


def read(folder: Path) -> None:
    sources = [path.name for path in folder.glob("inventory.*")]
    passwords = sorted(path.name for path in folder.glob("*.password"))
    vault = Keyring(identities([f"{one.partition('.')[0]}@{one}" for one in passwords], {}))
    inventory = load_inventory(sources or ["localhost,"], vault=vault)
    if not (folder / "playbook.yml").exists():
        return
    playbook = load_playbook([Path("playbook.yml")], vault=vault)
    build(playbook, [select(inventory, play.hosts) for play in playbook.plays])


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir() if path.is_dir()))
def test_what_the_user_is_shown(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES / case)
    with pytest.raises(InputError) as caught:
        read(CASES / case)
    assert caught.value.exit_code == ExitCode.BAD_INPUT
    shown = "\n\n".join(map(render, caught.value.diagnostics)) + "\n"
    expected = CASES / case / "expected.txt"
    if os.environ.get("KPLAY_GOLDEN") == "write":
        expected.write_text(shown, encoding="utf-8")
    assert shown == expected.read_text(encoding="utf-8")
