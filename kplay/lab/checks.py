"""Checks of the plain values in a lab file: each fault is noted with its place, none is raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from kplay.diagnostics import Diagnostic, suggest

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Sequence

    from kplay.source import Sourced

T = TypeVar("T")


class Checks:
    """Reads values of one document; ``faults`` is what was wrong so far."""

    def __init__(self) -> None:
        self.faults: list[Diagnostic] = []

    def fault(self, code: str, message: str, at: Sourced, *lines: str, key: bool = False) -> None:
        """Note a fault at a value, or at its key."""
        span = at.key_span if key else at.span
        self.faults.append(Diagnostic(code, message, span, help=lines))

    def known(self, at: Sourced, keys: Sequence[str], where: str) -> None:
        """Refuse keys of a mapping that are none of ``keys``."""
        for key, value in at.items():
            if key not in keys:
                self.fault(
                    "lab-unknown-key",
                    f"{where} has no key `{key}`",
                    value,
                    *(suggest(str(key), keys) or (f"it has: {', '.join(keys)}",)),
                    key=True,
                )

    def choice(self, at: Sourced | None, words: Sequence[str], code: str, what: str) -> str | None:
        """One of ``words``, None where nothing is written."""
        if at is None:
            return None
        if at.value not in words:
            hints = suggest(str(at.value), words) or (f"known: {', '.join(words)}",)
            self.fault(code, f"no {what} named `{at.value}`", at, *hints)
        return str(at.value)

    def each(
        self,
        at: Sourced,
        names: re.Pattern[str],
        what: str,
        keys: Sequence[str],
        make: Callable[[str, Sourced], T],
    ) -> list[T]:
        """What ``make`` makes of each entry of a mapping from names to mappings."""
        made = []
        for name, value in at.items():
            if not isinstance(name, str) or not names.fullmatch(name):
                self.fault("lab-name", f"`{name}` cannot name {what}", value, key=True)
            elif value.value is None:
                made.append(make(name, _empty(value)))
            elif not isinstance(value.value, dict):
                self.fault("lab-value", f"{what} is a mapping of {', '.join(keys)}", value)
            else:
                self.known(value, keys, what)
                made.append(make(name, value))
        return made

    def names(
        self, at: Sourced | None, key: str, names: re.Pattern[str], what: str
    ) -> tuple[str, ...]:
        """A list of names that fit a pattern; empty where nothing is written."""
        if at is None or at.value is None:
            return ()
        if not isinstance(at.value, list):
            self.fault("lab-value", f"`{key}` is a list of names", at)
            return ()
        for item in at.elements():
            if not isinstance(item.value, str) or not names.fullmatch(item.value):
                self.fault("lab-name", f"`{item.value}` cannot name {what}", item)
        return tuple(str(item) for item in at.value)

    def count(self, at: Sourced | None, key: str, unit: str) -> int | None:
        """A whole number of at least 1."""
        if at is None:
            return None
        if not _is_count(at.value):
            self.fault("lab-value", f"`{key}` is a whole number of {unit}", at)
            return None
        return int(at.value)

    def counts(self, at: Sourced | None, key: str, unit: str) -> tuple[int, ...]:
        """A list of whole numbers of at least 1."""
        if at is None or at.value is None:
            return ()
        if not isinstance(at.value, list):
            self.fault("lab-value", f"`{key}` is a list of whole numbers of {unit}", at)
            return ()
        for item in at.elements():
            if not _is_count(item.value):
                self.fault("lab-value", f"`{item.value}` is not a whole number of {unit}", item)
        return tuple(item for item in at.value if _is_count(item))

    def text(self, at: Sourced | None, key: str, what: str) -> str | None:
        """A text of one line."""
        if at is None:
            return None
        if not isinstance(at.value, str) or not at.value.isprintable() or not at.value.strip():
            self.fault("lab-value", f"`{key}` is the name of {what}", at)
            return None
        return at.value

    def truth(self, at: Sourced | None, key: str) -> bool | None:
        """True or false; None where nothing is written."""
        if at is None:
            return None
        if not isinstance(at.value, bool):
            self.fault("lab-value", f"`{key}` is true or false", at)
            return None
        return at.value

    def vars(self, at: Sourced | None) -> dict[str, Any]:
        """A mapping of variables."""
        if at is None or at.value is None:
            return {}
        if not isinstance(at.value, dict) or not all(isinstance(key, str) for key in at.value):
            self.fault("lab-value", "`vars` is a mapping of variable names", at)
            return {}
        return dict(at.value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _empty(at: Sourced) -> Sourced:
    from kplay.source import Sourced

    return Sourced({}, at.document, at.path)
