"""Plays that ansible-core runs to their end hold no error for lint: what it calls certain is."""

from __future__ import annotations

import json

import pytest
from oracle.cases import Case, cases

from kplay.cli.main import main

TAKEN = (
    *("-e", "--extra-vars", "-t", "--tags", "--skip-tags", "-l", "--limit"),
    *("-M", "--module-path"),
)


def options(case: Case) -> list[str]:
    """The options of a case that lint has, too."""
    found = []
    for option, value in zip(case.arguments, (*case.arguments[1:], ""), strict=False):
        if option in TAKEN:
            found += [option, value.replace("$CASE", str(case.folder))]
        elif option.startswith(TAKEN) and "=" in option:
            found.append(option)
    return found


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_no_error_is_false(
    case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(case.folder)
    given = ["-i", str(case.inventory), "-e", "place=/place", *options(case)]
    main(["lint", "--format", "json", *given, str(case.playbook)])
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    assert [one for one in found if one["severity"] == "error"] == []
