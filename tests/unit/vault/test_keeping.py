from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from kplay.errors import InputError, KplayError
from kplay.vault import keeping


def test_mode_and_links_stay_and_new_files_are_private(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("old")
    path.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(path)
    keeping.write(link, b"new")
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    keeping.write(tmp_path / "fresh", b"x")
    assert (tmp_path / "fresh").stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in tmp_path.iterdir()) == ["f", "fresh", "link"]


def test_what_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        keeping.read(tmp_path / "nothing")
    with pytest.raises(InputError, match="cannot write"):
        keeping.write(tmp_path / "no" / "folder", b"x")


def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """An editor that notes where it was, and what it saw."""
    seen = tmp_path / "seen"
    program = tmp_path / "editor.sh"
    program.write_text(
        f'#!/bin/sh\nstat -c "%a %n" "$2" "$(dirname "$2")" > {seen}\n'
        f'cat "$2" >> {seen}\n{script}\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("EDITOR", f"{program} --wait")
    return seen


def test_the_editor_has_a_private_file_that_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = editor(tmp_path, monkeypatch, 'echo more >> "$2"')
    assert keeping.edited(b"text\n", "v.yml") == b"text\nmore\n"
    file, folder, text = seen.read_text().splitlines()
    assert text == "text"
    assert file.startswith("600 ")
    assert file.endswith("/v.yml")
    assert folder.startswith("700 ")
    assert not Path(folder.split(" ")[1]).exists()


@pytest.mark.parametrize(
    ("script", "words"),
    [("exit 3", "ended with 3"), ("kill -TERM $PPID; sleep 1", "ended by SIGTERM")],
)
def test_an_editor_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    seen = editor(tmp_path, monkeypatch, script)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KplayError, match=words):
        keeping.edited(b"text\n", "v.yml")
    assert not Path(seen.read_text().splitlines()[1].split(" ")[1]).exists()
    assert signal.getsignal(signal.SIGTERM) is before


def test_no_such_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "/no/such/editor")
    with pytest.raises(InputError, match="cannot run the editor"):
        keeping.edited(b"", "f")
    assert os.environ["EDITOR"]
