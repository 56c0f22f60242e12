"""``kplay vault``, by itself and with ansible-vault."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kplay.cli.main import main
from kplay.errors import ExitCode
from kplay.vault import envelope

_BIN = Path(sys.executable).parent


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANSIBLE_VAULT_PASSWORD_FILE", raising=False)
    for name in ("one", "two"):
        Path(name).write_text(f"password {name}\n")
    return tmp_path


def vault(*argv: str, stdin: str = "") -> int:
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()))
    try:
        return main(["vault", *argv])
    finally:
        sys.stdin = sys.__stdin__


def content(name: str, password: str = "one") -> bytes | None:
    return envelope.unseal(envelope.parse(Path(name).read_text()), f"password {password}".encode())


def test_encrypt_rekey_decrypt_keep_the_mode(capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        Path(name).write_text(f"text of {name}\n")
        Path(name).chmod(0o640)
    pw = ["--vault-password-file", "one"]
    assert vault("encrypt", *pw, "a", "b") == 0
    assert content("b") == b"text of b\n"
    assert vault("view", *pw, "a", "b") == 0
    assert capfd.readouterr().out == "text of a\ntext of b\n"
    assert vault("rekey", *pw, "--new-vault-id", "dev@two", "a") == 0
    assert Path("a").read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;dev\n")
    assert vault("rekey", *pw, "--new-vault-password-file", "two", "b") == 0
    assert content("b", "two") == b"text of b\n"
    assert vault("decrypt", "--vault-id", "dev@two", "a", "b") == 0
    assert Path("a").read_text() == "text of a\n"
    assert Path("a").stat().st_mode & 0o777 == 0o640


def test_standard_input_and_output(capfd: pytest.CaptureFixture[str]) -> None:
    pw = ["--vault-password-file", "one"]
    assert vault("encrypt", *pw, "--output", "out", stdin="from stdin") == 0
    assert content("out") == b"from stdin"
    assert Path("out").stat().st_mode & 0o777 == 0o600
    assert vault("decrypt", *pw, "--output", "-", "out") == 0
    assert capfd.readouterr().out == "from stdin"
    assert vault("encrypt", *pw, "-", stdin="again") == 0
    assert vault("decrypt", *pw, "-", stdin=capfd.readouterr().out) == 0
    assert capfd.readouterr().out == "again"


def test_passwords_are_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    assert vault("encrypt", "--output", "out", "-", stdin="pw\npw\nthe text") == 0
    assert vault("view", "out", stdin="pw\n") == 0
    assert vault("view", "-J", "out", stdin="pw\n") == 0
    assert capfd.readouterr().out == "the textthe text"
    assert vault("rekey", "out", stdin="pw\nnew\nnew\n") == 0
    assert vault("view", "--vault-id", "x@prompt", "out", stdin="new\n") == 0
    assert vault("rekey", "--new-vault-id", "y@prompt", "out", stdin="new\nz\nz\n") == 0
    assert "AES256;y" in Path("out").read_text()


def test_the_vault_id_to_encrypt_with(capfd: pytest.CaptureFixture[str]) -> None:
    Path("a").write_text("x")
    ids = ["--vault-id", "d@one", "--vault-id", "p@two"]
    assert vault("encrypt", *ids, "a") == ExitCode.USAGE
    assert "which of `d`, `p` encrypts" in capfd.readouterr().err
    assert vault("encrypt", *ids, "--encrypt-vault-id", "q", "a") == ExitCode.USAGE
    assert "known: `d`, `p`" in capfd.readouterr().err
    assert vault("encrypt", *ids, "--encrypt-vault-id", "p", "a") == 0
    assert content("a", "two") == b"x"
    assert vault("rekey", *ids, "--encrypt-vault-id", "d", "a") == 0
    assert "AES256;d\n" in Path("a").read_text()
    Path("ansible.cfg").write_text("[defaults]\nvault_encrypt_identity = p\n")
    Path("b").write_text("x")
    assert vault("encrypt", *ids, "b") == 0
    assert "AES256;p\n" in Path("b").read_text()


def test_texts_for_a_file_of_variables(capfd: pytest.CaptureFixture[str]) -> None:
    ids = ["--vault-id", "dev@one"]
    argv = ["encrypt-string", *ids, "--stdin-name", "first", "-n", "second", "b", "c"]
    assert vault(*argv, stdin="a\n") == 0
    shown = capfd.readouterr().out
    named, _, nameless = shown.rpartition("!vault |")
    assert yaml.safe_load(named.replace("!vault ", "")).keys() == {"first", "second"}
    assert opened(shown) == [b"a\n", b"b", b"c"]
    assert nameless.startswith("\n          $ANSIBLE_VAULT;1.2;AES256;dev\n")
    assert vault("encrypt_string", *ids, "-p", "-n", "k", stdin="typed\n") == 0
    assert opened(capfd.readouterr().out) == [b"typed"]
    assert vault("encrypt-string", *ids, "-p", "--show-input", stdin="v\ntyped\n") == 0
    assert capfd.readouterr().out.startswith("v: !vault |\n")
    assert vault("encrypt-string", *ids, "--output", "o", "-", stdin="x") == 0
    assert opened(Path("o").read_text()) == [b"x"]
    assert vault("encrypt-string", *ids, "") == ExitCode.USAGE


def opened(text: str) -> list[bytes | None]:
    """What the vaults of a text of YAML hold, in order."""
    found = re.findall(r"(?:^ {10}\S+\n)+", text, re.MULTILINE)
    return [envelope.unseal(envelope.parse(one), b"password one") for one in found]


def test_create_and_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "sh -c 'echo line >> $0'")
    assert vault("create", "--vault-id", "dev@one", "new/v.yml") == 0
    assert content("new/v.yml") == b"line\n"
    assert vault("create", "--vault-id", "dev@one", "new/v.yml") == ExitCode.USAGE
    assert vault("edit", "--vault-id", "x@two", "--vault-id", "y@one", "new/v.yml") == 0
    assert content("new/v.yml") == b"line\nline\n"
    assert "AES256;dev\n" in Path("new/v.yml").read_text()
    monkeypatch.setenv("EDITOR", "true")
    before = Path("new/v.yml").read_bytes()
    assert vault("edit", "--vault-id", "y@one", "new/v.yml") == 0
    assert Path("new/v.yml").read_bytes() == before
    monkeypatch.setenv("EDITOR", "false")
    assert vault("edit", "--vault-id", "y@one", "new/v.yml") == ExitCode.STEP_FAILED
    assert Path("new/v.yml").read_bytes() == before


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["view", "one"], 1, "`one` is not encrypted"),
        (["view", "nothing"], 1, "cannot read `nothing`"),
        (["decrypt", "sealed"], 1, "tried: `default`"),
        (["encrypt", "sealed"], 1, "`sealed` is encrypted already"),
        (["encrypt", "--output", "o", "one", "two"], 5, "takes one input file"),
        (["encrypt", "-J", "one"], 5, "not allowed with argument"),
        ([], 5, "ACTION"),
        (["view"], 5, "FILE"),
        (["rekey", "--new-vault-id", "a@two", "--new-vault-password-file", "two", "x"], 5, "not"),
    ],
)
def test_refusals(
    argv: list[str], code: int, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("sealed").write_text(envelope.seal(b"x", b"another"))
    assert vault(*argv[:1], "--vault-password-file", "one", *argv[1:]) == code
    err = capfd.readouterr().err
    assert words in err
    assert "Traceback" not in err


def ansible_vault(command: str, **more: Any) -> str:
    done = subprocess.run(
        [str(_BIN / "ansible-vault"), *shlex.split(command)],
        capture_output=True, text=True, check=True, **more,
    )  # fmt: skip
    return done.stdout


def test_ansible_vault_opens_what_kplay_seals_and_the_other_way_round(
    capfd: pytest.CaptureFixture[str],
) -> None:
    text = "müsli: '{{ a }}'\n" * 50
    Path("ours").write_text(text)
    Path("theirs").write_text(text)
    assert vault("encrypt", "--vault-id", "dev@one", "ours") == 0
    assert ansible_vault("view --vault-id dev@one ours") == text
    ansible_vault("encrypt --vault-id prod@two theirs")
    capfd.readouterr()
    assert vault("view", "--vault-id", "dev@one", "--vault-id", "prod@two", "theirs") == 0
    assert capfd.readouterr().out == text
    made = ansible_vault("encrypt_string --vault-password-file one --name key value")
    assert opened(made) == [b"value"]
    assert (
        vault("rekey", "--vault-id", "prod@two", "--new-vault-password-file", "one", "theirs") == 0
    )
    assert ansible_vault("decrypt --vault-password-file one --output - theirs") == text
