"""The passwords of a run, what they open, and what must never be shown because of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.source import Span, VaultText
from kplay.vault.envelope import DamagedVaultError, is_sealed, parse, unseal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kplay.vault.envelope import Envelope
    from kplay.vault.sources import Identity

_HELP = "give `--vault-password-file FILE`, `--vault-id LABEL@SOURCE` or `-J`"
_LONGEST_SHOWN = 64 * 1024
_DIGITS = 6
"""Shorter numbers (ports, counts) would take out parts of ordinary texts."""
_PLAIN = frozenset({"true", "false", "none", "null", "present", "absent", "root", "localhost"})


_CONNECTION = re.compile(r"ansible_(?!\w*pass)\w+")
"""Variables that say how a host is reached: their values are words such as `local` and `root`."""


class Keyring:
    """Opens vaults; each text is opened once. ``revealed`` holds what must not be shown."""

    def __init__(self, identities: Sequence[Identity] = (), *, match: bool = False) -> None:
        self.identities = list(identities)
        self.match = match
        """Whether only passwords of a text's own vault id are tried."""
        self.revealed: set[str] = set()
        self._opened: dict[str, tuple[bytes, Identity]] = {}

    def open(self, text: str, span: Span | None) -> bytes:
        """What a sealed text holds.

        Raises:
            InputError: no password fits, a password's source cannot be read, or the text is
                damaged; at ``span``.
        """
        return self.opened_by(text, span)[0]

    def opened_by(self, text: str, span: Span | None) -> tuple[bytes, Identity]:
        """What a sealed text holds, and whose password opens it; raises as ``open``."""
        if not self.identities:
            message = "this is encrypted with ansible-vault, and no vault password was given"
            raise _refused("no-vault-password", message, span, help=(_HELP,))
        found = self._opened.get(text)
        if found is None:
            try:
                found = self._opened[text] = self._unsealed(parse(text), span)
            except DamagedVaultError as error:
                raise _refused("damaged-vault", str(error), span) from error
        return found

    def value(self, text: VaultText, span: Span | None) -> str:
        """The text inside a ``!vault`` value, which from now on is a secret.

        Raises:
            InputError: as ``open``, or it is not UTF-8.
        """
        found = self._text(self.open(text, span), span)
        self.revealed.add(found)
        return found

    def read(self, path: Path, *, decrypt: bool = True) -> tuple[bytes, bool]:
        """A file's content, opened where it is sealed, and whether it was.

        Raises:
            InputError: it cannot be opened.
            OSError: it cannot be read.
        """
        data = path.read_bytes()
        if not decrypt or not is_sealed(data):
            return data, False
        opened = self.open(data.decode("utf-8", "replace"), Span(str(path), 1, 1, 1, 2))
        if len(opened) <= _LONGEST_SHOWN:
            self.revealed.add(opened.decode("utf-8", "replace"))
        return opened, True

    def reveal(self, data: Any) -> None:
        """Note the values of a vaulted file of variables as secrets; templates are none."""
        if isinstance(data, dict):
            for key, part in data.items():
                if not _CONNECTION.fullmatch(str(key)):
                    self.reveal(part)
        elif isinstance(data, list):
            for part in data:
                self.reveal(part)
        elif isinstance(data, (VaultText, bool)):
            return
        elif isinstance(data, str):
            if "{{" not in data and data.lower() not in _PLAIN:
                self.revealed.add(data)
        elif isinstance(data, int | float) and len(str(data)) >= _DIGITS:
            self.revealed.add(str(data))

    def _unsealed(self, envelope: Envelope, span: Span | None) -> tuple[bytes, Identity]:
        own = [one for one in self.identities if one.label == envelope.label]
        others = [one for one in self.identities if one.label != envelope.label]
        tried = own if self.match else [*own, *others]
        for one in tried:
            found = unseal(envelope, one.password())
            if found is not None:
                return found, one
        names = ", ".join(dict.fromkeys(f"`{one.label}`" for one in tried)) or "none"
        notes = (
            f"it was encrypted for the vault id `{envelope.label}`; tried: {names}",
            "either no password is the right one, or the text was altered",
        )
        raise _refused("wrong-vault-password", "no vault password opens this", span, notes=notes)

    @staticmethod
    def _text(data: bytes, span: Span | None) -> str:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            message = "what the vault holds is not UTF-8 text"
            raise _refused("damaged-vault", message, span) from error


def _refused(
    code: str,
    message: str,
    span: Span | None,
    *,
    notes: tuple[str, ...] = (),
    help: tuple[str, ...] = (),  # noqa: A002 - the diagnostic's own field
) -> InputError:
    return InputError(Diagnostic(code, message, span, help=help, notes=notes, secret=True))
