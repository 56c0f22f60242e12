"""Where vault passwords come from: files, programs, and questions at the terminal."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kplay import asking
from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.vault.envelope import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

PROMPTS = {"prompt": "Vault password ({}): ", "prompt_ask_vault_pass": "Vault password: "}
ASK = f"{DEFAULT}@prompt_ask_vault_pass"
"""What ``--ask-vault-pass`` stands for."""
_UNKNOWN_ID = 2
"""How a client script ends that has no password for the vault id."""


@dataclass(slots=True)
class Identity:
    """A vault id and the source of its password, read when it is first needed."""

    label: str
    source: str
    """A path, or a key of PROMPTS."""
    _password: bytes | None = field(default=None, repr=False)

    @property
    def asks(self) -> bool:
        """Whether the user is the source."""
        return self.source in PROMPTS

    def answer(self, password: str) -> None:
        """Take what the user says.

        Raises:
            InputError: nothing.
        """
        self._password = self._checked(password.encode())

    def password(self) -> bytes:
        """The password.

        Raises:
            InputError: its source cannot be read, or gives none.
        """
        if self._password is None:
            path = Path(self.source).expanduser()
            program = path.is_file() and os.access(path, os.X_OK)
            self._password = self._checked(self._run(path) if program else _content(path))
        return self._password

    def _run(self, path: Path) -> bytes:
        argv = [str(path.absolute())]
        if path.stem.endswith("-client"):
            argv += ["--vault-id", self.label]
        try:
            done = subprocess.run(argv, stdout=subprocess.PIPE, check=False)
        except OSError as error:
            raise _wrong(f"cannot run the vault password script `{path}`: {error}") from error
        if done.returncode == _UNKNOWN_ID and len(argv) > 1:
            raise _wrong(f"`{path}` has no password for the vault id `{self.label}`")
        if done.returncode:
            raise _wrong(f"the vault password script `{path}` ended with {done.returncode}")
        return done.stdout.strip(b"\r\n")

    def _checked(self, password: bytes) -> bytes:
        if not password:
            place = "the terminal" if self.asks else f"`{self.source}`"
            raise _wrong(f"the vault password from {place} is empty")
        return password


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes().strip()
    except OSError as error:
        message = f"cannot read the vault password file `{path}`: {error.strerror}"
        raise _wrong(message) from error


def _wrong(message: str) -> InputError:
    return InputError(Diagnostic("vault-password", message, None))


def new_password(label: str = DEFAULT) -> Identity:
    """A password that the user makes up now, said twice.

    Raises:
        InputError: the two are not the same, or empty.
    """
    found = Identity(label, "prompt")
    found.answer(_twice(label))
    return found


def _twice(label: str) -> str:
    password = asking.hidden(f"New vault password ({label}): ")
    if password != asking.hidden(f"Confirm new vault password ({label}): "):
        raise _wrong("the two passwords are not the same")
    return password


def identity(text: str) -> Identity:
    """What ``label@source``, or a source alone, names."""
    label, at, source = text.partition("@")
    return Identity(label or DEFAULT, source) if at else Identity(DEFAULT, text)


def identities(
    given: Iterable[str], answers: MutableMapping[str, str], *, new: bool = False
) -> list[Identity]:
    """The identities of a command line; asks for the passwords that the user keeps.

    Args:
        given: each ``label@source``.
        answers: what the user has said before, by text; what is asked now is added.
        new: whether passwords are asked for to encrypt with: twice.

    Raises:
        InputError: a file is missing, or an answer is empty.
    """
    found = [identity(text) for text in dict.fromkeys(given)]
    for one in found:
        if one.asks and new:
            one.answer(_twice(one.label))
        elif one.asks:
            text = f"{one.label}@{one.source}"
            if text not in answers:
                answers[text] = asking.hidden(PROMPTS[one.source].format(one.label))
            one.answer(answers[text])
        elif not Path(one.source).expanduser().exists():
            raise _wrong(f"no vault password file at `{one.source}`")
    return found
