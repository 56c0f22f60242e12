"""What a plan file names its inputs by: paths of any clone, files that were read, ids of steps."""

from __future__ import annotations

import io
import os
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from kplay.plan.document import namer
from kplay.plan.paths import portable
from kplay.plan.reads import Reads

if TYPE_CHECKING:
    import pytest


def test_paths_are_those_of_any_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = tmp_path / "clone"
    (clone / ".git").mkdir(parents=True)
    (clone / "deploy").mkdir()
    monkeypatch.chdir(clone / "deploy")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert portable(clone / "roles/a/tasks/main.yml") == "../roles/a/tasks/main.yml"
    assert portable("site.yml") == "site.yml"
    assert portable(tmp_path / "home/.ansible/roles/a") == "~/.ansible/roles/a"
    assert portable("~/x") == "~/x"
    assert portable("/etc/ansible/hosts") == "/etc/ansible/hosts"
    assert portable(tmp_path / "clone2/x") == str(tmp_path / "clone2/x")


def test_what_is_read_is_noted_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home/.ssh").mkdir(parents=True)
    (tmp_path / "runs").mkdir()
    names = ["read", "by-number", "before", "runs/old", "home/.ssh/id", "code.pyc"]
    for name in names:
        Path(name).write_text("x")
    Path("before").read_text()
    with Reads() as reads:
        Path("read").read_text()
        os.close(os.open("by-number", os.O_RDONLY))
        for name in names[3:]:
            Path(name).read_text()
        Path("written").write_text("x")
        Path("appended").open("a").close()
        io.open_code(io.__file__).close()
        Path("/proc/self/stat").read_text()
        Path("gone").write_text("x")
        Path("gone").read_text()
        Path("gone").unlink()
    Path("before").read_text()
    found = [path.relative_to(tmp_path).as_posix() for path in reads.files([Path("runs")])]
    assert found == ["by-number", "read"]


def test_ids_do_not_tell_who_came_first() -> None:
    def ids(first: str, second: str) -> list[str]:
        plays = [SimpleNamespace(expansions={(0, 3, 0): first, (0, 3, 1): second})]
        name = namer(plays, b"key")  # type: ignore[arg-type]
        return [name("0.3.0.5@h#1.0"), name("0.3.1.5@h"), name("0.2@h")]

    a, b = ids("a.yml", "b.yml"), ids("b.yml", "a.yml")
    assert a[2] == b[2] == "0.2@h"
    assert a[0].partition("@")[0] == b[1].partition("@")[0]
    assert a[1].partition("@")[0] == b[0].partition("@")[0]
    assert a[0].endswith(".5@h#1.0")
