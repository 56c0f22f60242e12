"""What a plan file of a case says is what applying it does: nothing has drifted in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from oracle.cases import cases, prepare_place

from kplay.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

CASES = {case.name: case for case in cases()}


@pytest.mark.parametrize(
    "name",
    ["flush_in_handler", "keyword_imports", "keyword_levels", "loop_turns", "module_path",
     "start_at_task", "unarchive_of_the_playbook", "vault"],
)  # fmt: skip
def test_a_plan_file_of_a_case(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    place = (tmp_path / "place").resolve()
    prepare_place(place)
    assert main(["plan", "-o", "p.json", *CASES[name].command_line(place)]) == 0
    assert main(["apply", "p.json"]) == 0
