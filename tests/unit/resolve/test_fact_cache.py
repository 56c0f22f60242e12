"""Facts kept in files, in the forms of ansible-core."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from kplay.resolve.fact_cache import FactCache, age_text

if TYPE_CHECKING:
    from pathlib import Path

TAGGED = {
    "mine": {
        "value": {"z": {"value": 1, "tags": [], "__ansible_type": "_AnsibleTaggedInt"}},
        "tags": [{"path": "p.yml", "line_num": 5, "__ansible_type": "Origin"}],
        "__ansible_type": "_AnsibleTaggedDict",
    },
    "ansible_system": "Linux",
}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    cache = FactCache(tmp_path / "facts", prefix="p_")
    assert cache.read("h") is None
    cache.write("h", {"ansible_system": "Linux", "n": [1, None]})
    found = cache.read("h")
    assert found is not None
    assert found.facts == {"ansible_system": "Linux", "n": [1, None]}
    assert found.path == tmp_path / "facts/p_s1_h"
    assert found.path.stat().st_mode & 0o777 == 0o600
    assert found.path.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in found.path.parent.iterdir()] == ["p_s1_h"]
    cache.forget("h")
    assert cache.read("h") is None


def test_the_form_of_ansible_core(tmp_path: Path) -> None:
    (tmp_path / "s1_h").write_text(json.dumps({"__payload__": json.dumps(TAGGED)}))
    found = FactCache(tmp_path).read("h")
    assert found is not None
    assert found.facts == {"mine": {"z": 1}, "ansible_system": "Linux"}


def test_the_form_of_earlier_versions_is_read_and_kept(tmp_path: Path) -> None:
    (tmp_path / "h").write_text('{"ansible_system": "Old"}')
    cache = FactCache(tmp_path)
    found = cache.read("h")
    assert found is not None
    assert found.facts == {"ansible_system": "Old"}
    cache.write("h", {"ansible_system": "New"})
    assert json.loads((tmp_path / "h").read_text()) == {"ansible_system": "New"}


def test_facts_grow_old(tmp_path: Path) -> None:
    cache = FactCache(tmp_path, timeout=100)
    cache.write("h", {"a": 1})
    past = (tmp_path / "s1_h").stat().st_mtime - 90
    os.utime(tmp_path / "s1_h", (past, past))
    found = cache.read("h")
    assert found is not None
    assert 90 <= found.age < 95
    os.utime(tmp_path / "s1_h", (past - 20, past - 20))
    assert cache.read("h") is None
    assert FactCache(tmp_path, timeout=0).read("h") is not None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"__payload__": "{"}', "\0"])
def test_a_file_that_is_not_whole_is_no_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "s1_h").write_text(text)
    assert FactCache(tmp_path).read("h") is None


def test_a_name_with_a_slash_stays_in_the_folder(tmp_path: Path) -> None:
    FactCache(tmp_path).write("a/b", {"x": 1})
    assert (tmp_path / "s1_a_b").is_file()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "1 second"), (100, "100 seconds"), (180, "3 minutes"), (7300, "2 hours"), (2e5, "2 days")],
)
def test_ages(seconds: float, text: str) -> None:
    assert age_text(seconds) == text
