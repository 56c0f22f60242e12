from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from kplay.errors import InputError, UsageError
from kplay.vault.sources import ASK, identities, identity, new_password

if TYPE_CHECKING:
    from pathlib import Path


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def password(source: Path | str, label: str = "default") -> bytes:
    return identities([f"{label}@{source}"], {})[0].password()


def test_labels_and_sources() -> None:
    assert identity("dev@~/pw").label == "dev"
    assert identity("dev@~/a@b").source == "~/a@b"
    assert identity("~/pw").label == "default"
    assert identity("@pw").label == "default"


def test_a_file_without_the_space_around_it(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("\n two words \n")
    assert password(tmp_path / "pw") == b"two words"


def test_a_program_and_a_client_that_is_told_the_vault_id(tmp_path: Path) -> None:
    assert password(script(tmp_path / "pw.sh", "echo ' from a program'")) == b" from a program"
    client = script(tmp_path / "keys-client.sh", 'echo "$1 $2"')
    assert password(client, "prod") == b"--vault-id prod"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("pw.sh", "exit 3", "ended with 3"),
        ("pw-client.sh", "exit 2", "no password for the vault id `dev`"),
        ("pw.sh", "exit 2", "ended with 2"),
        ("pw.sh", "true", "is empty"),
    ],
)
def test_programs_that_fail(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        password(script(tmp_path / name, text), "dev")


def test_a_program_that_cannot_run(tmp_path: Path) -> None:
    path = tmp_path / "pw.sh"
    path.write_text("#!/no/such/shell\n")
    path.chmod(0o755)
    with pytest.raises(InputError, match="cannot run the vault password script"):
        password(path)


def test_files_that_are_not_there_empty_or_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no vault password file at"):
        identities([str(tmp_path / "nothing")], {})
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(InputError, match="is empty"):
        password(tmp_path / "empty")
    with pytest.raises(InputError, match="cannot read the vault password file"):
        password(tmp_path)


def test_a_password_is_read_when_it_is_needed_and_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    found = identities([str(script(tmp_path / "pw.sh", f"echo x >> {log}; echo pw"))], {})
    assert not log.exists()
    assert found[0].password() == found[0].password() == b"pw"
    assert log.read_text() == "x\n"


def test_a_question_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("first\nsecond\n"))
    answers: dict[str, str] = {}
    found = identities(["dev@prompt", ASK, "dev@prompt"], answers)
    assert [one.password() for one in found] == [b"first", b"second"]
    assert [one.password() for one in identities(["dev@prompt"], answers)] == [b"first"]
    assert "first" not in repr(found)


def test_a_new_password_is_said_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a\na\na\nb\n\n\nx\nx\n"))
    assert new_password().password() == b"a"
    with pytest.raises(InputError, match="not the same"):
        new_password()
    with pytest.raises(InputError, match="is empty"):
        new_password()
    assert identities([ASK], {}, new=True)[0].password() == b"x"
    with pytest.raises(UsageError, match="standard input is empty"):
        new_password()
