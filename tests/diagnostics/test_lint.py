"""Every rule of lint, with the whole of what the user is shown.

A case is a folder with a playbook (or what ``arguments`` names), an inventory or none, and
``expected.txt``. With KPLAY_GOLDEN=write the expectations are written anew; read the difference
before committing it.
"""

import os
import shlex
from pathlib import Path

import pytest

from kplay.cli.main import main
from kplay.lint.rules import RULES

CASES = Path(__file__).parent / "lint"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())


@pytest.mark.parametrize("case", NAMES)
def test_what_the_user_is_shown(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = CASES / case
    monkeypatch.chdir(folder)
    monkeypatch.delenv("KPLAY_INVENTORY", raising=False)
    given = folder / "arguments"
    argv = shlex.split(given.read_text(encoding="utf-8")) if given.exists() else []
    if (folder / "inventory.yml").exists():
        argv += ["-i", "inventory.yml"]
    if (folder / "playbook.yml").exists():
        argv.append("playbook.yml")
    code = main(["lint", *argv])
    shown = f"{capsys.readouterr().out}exit code {code}\n"
    expected = folder / "expected.txt"
    if os.environ.get("KPLAY_GOLDEN") == "write":
        expected.write_text(shown, encoding="utf-8")
    assert shown == expected.read_text(encoding="utf-8")


def test_every_rule_has_a_case() -> None:
    shown = "".join((CASES / case / "expected.txt").read_text() for case in NAMES)
    assert [rule.code for rule in RULES if f"[{rule.code}]" not in shown] == []


def test_the_severities_are_those_of_the_table() -> None:
    shown = "".join((CASES / case / "expected.txt").read_text() for case in NAMES)
    for rule in RULES:
        if rule.severity != "both":
            other = "warning" if rule.severity == "error" else "error"
            assert f"{other}[{rule.code}]" not in shown
