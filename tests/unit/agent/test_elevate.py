"""Conversations with stand-ins for sudo and doas; the real ones are asked in tests/hosts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kplay.agent import elevate

STUB = "import os;os.write(1,b'noise\\nkplay-agent 1 3.11\\nrest');os.read(0,1)"

DOAS = """#!/bin/sh
while [ "$1" != -- ]; do [ "$1" = -n ] && { echo "doas: Authentication required" >&2; exit 1; }
shift; done; shift
printf 'doas (ann@h1) password: ' > /dev/tty
read -r answer < /dev/tty
[ "$answer" = geheim ] || { echo "doas: Authentication failed" >&2; exit 1; }
exec "$@"
"""

SUDO = """#!/bin/sh
while [ "$1" != -- ]; do
case "$1" in
-n) echo "sudo: a password is required" >&2; exit 1;;
-p) prompt=$2; shift;;
esac
shift
done; shift
printf '%s' "$prompt" >&2
read -r answer
[ "$answer" = geheim ] || { printf 'Sorry, try again.\\n%s' "$prompt" >&2; read -r answer; exit 1; }
exec "$@"
"""


@pytest.fixture(params=["sudo", "doas"])
def become(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    program = tmp_path / request.param
    program.write_text(SUDO if request.param == "sudo" else DOAS)
    program.chmod(0o755)
    return {"user": "root", "method": request.param, "exe": str(program)}


def test_the_right_password(become: dict[str, str]) -> None:
    made = elevate.start(dict(become, password="geheim"), STUB)
    assert made.ahead == b"rest"
    there = Path(f"/proc/{made.process.pid}/cwd").readlink()
    assert there == Path.cwd()  # as with Ansible, become changes no directory
    made.process.stdin.write(b"x")
    assert made.process.wait() == 0
    for pipe in (made.process.stdin, made.process.stdout, made.process.stderr):
        pipe.close()
    if made.terminal >= 0:
        os.close(made.terminal)


@pytest.mark.parametrize(("password", "words"), [("wrong", "wrong become"), ("", "none was given")])
def test_a_wrong_or_missing_password(become: dict[str, str], password: str, words: str) -> None:
    with pytest.raises(elevate.Refused, match=words) as caught:
        elevate.start(dict(become, password=password), STUB)
    assert caught.value.code == "become-password"


def test_a_program_that_is_missing(become: dict[str, str]) -> None:
    with pytest.raises(elevate.Refused) as caught:
        elevate.start(dict(become, exe="/nope/sudo"), STUB)
    assert caught.value.code == "become-missing"


def test_a_method_that_is_not_there(become: dict[str, str]) -> None:
    with pytest.raises(elevate.Refused) as caught:
        elevate.start(dict(become, method="runas"), STUB)
    assert caught.value.code == "become-method"


def test_the_password_is_in_no_argument(become: dict[str, str]) -> None:
    argv = elevate._argv(become["method"], dict(become, password="geheim"), "prompt:", ["python3"])
    assert "geheim" not in " ".join(argv)
