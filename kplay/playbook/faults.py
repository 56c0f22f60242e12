"""Collects faults while reading goes on, so that all of a playbook are shown at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kplay.source import Span


class Faults:
    """Diagnostics found so far, each once, in the order found."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(
        self,
        code: str,
        message: str,
        span: Span | None,
        *,
        help: Iterable[str] = (),  # noqa: A002 - the name of the diagnostic's own field
        notes: Iterable[str] = (),
    ) -> None:
        """Note one fault."""
        self.append(Diagnostic(code, message, span, help=tuple(help), notes=tuple(notes)))

    def append(self, diagnostic: Diagnostic) -> None:
        """Note a diagnostic; the same one again (a role used twice) is kept once."""
        self._found.setdefault(diagnostic)

    def absorb(self, error: InputError) -> None:
        """Take over the diagnostics of an error and go on."""
        for diagnostic in error.diagnostics:
            self.append(diagnostic)

    def settle(self) -> None:
        """Raise InputError with everything found, if anything was."""
        if self._found:
            raise InputError(self._found)
