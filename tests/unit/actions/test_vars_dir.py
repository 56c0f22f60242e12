from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.actions.vars_dir import files_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.yml", "a.json", "skip.yml", "deep/c.yaml", "deep/deeper/d.yml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    ("args", "names"),
    [({}, ["a.json", "b.yml", "skip.yml", "c.yaml", "d.yml"]),
     ({"depth": 1}, ["a.json", "b.yml", "skip.yml"]),
     ({"depth": 2, "ignore_files": ["skip.*"]}, ["a.json", "b.yml", "c.yaml"]),
     ({"files_matching": "^[bd]"}, ["b.yml", "d.yml"]),
     ({"extensions": "json", "ignore_unknown_extensions": True}, ["a.json"])],
)  # fmt: skip
def test_files_in_order(folder: Path, args: dict[str, Any], names: list[str]):
    assert [path.name for path in files_of(folder, args)] == names


def test_another_extension_is_refused(folder: Path):
    (folder / "notes.txt").write_text("")
    with pytest.raises(ValueError, match=r"notes.txt` has none of the extensions yaml, yml, json"):
        files_of(folder, {})
