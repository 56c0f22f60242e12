"""Messages that point into the user's files.

The form is rustc's: a code and a message, the place, the line with carets under the fault, then
notes and help. Messages are lower case, without a full stop, and stand alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kplay.errors import InputError
    from kplay.source import Span

_WIDEST = 160


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault in the user's input: what is, where, and what was expected."""

    code: str
    message: str
    span: Span | None
    help: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    severity: str = "error"
    secret: bool = False
    """True when the line must not be shown (it holds a vaulted or no_log value)."""


class Faults:
    """Diagnostics found so far, each once, in the order found."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, Span | None], Diagnostic] = {}
        self._traced: set[tuple[str, str, Span | None]] = set()

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._found.values())

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
        key = (diagnostic.code, diagnostic.message, diagnostic.span)
        self._found.setdefault(key, diagnostic)

    def trace(self, since: int, notes: Sequence[str]) -> None:
        """Say of the diagnostics from number ``since`` on how their place was reached, once."""
        for key in list(self._found)[since:]:
            if key in self._traced:
                continue
            self._traced.add(key)
            one = self._found[key]
            added = tuple(note for note in notes if note not in one.notes)
            self._found[key] = replace(one, notes=(*one.notes, *added))

    def absorb(self, error: InputError) -> None:
        """Take over the diagnostics of an error and go on."""
        for diagnostic in error.diagnostics:
            self.append(diagnostic)

    def settle(self) -> None:
        """Raise InputError with everything found, if anything was."""
        if self._found:
            from kplay.errors import InputError

            raise InputError(self._found.values())


def suggest(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """A help line naming the closest known word, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return (f"did you mean `{close[0]}`?",) if close else ()


def render(diagnostic: Diagnostic, texts: Mapping[str, str] | None = None) -> str:
    """The diagnostic as text of several lines, without a line feed at the end.

    Args:
        diagnostic: what to show.
        texts: file name to text, for files that are not on disk.
    """
    head = f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"
    lines = [head]
    gutter = ""
    if diagnostic.span is not None:
        span = diagnostic.span
        number = str(span.line)
        gutter = " " * len(number)
        lines.append(f"{gutter}--> {span}")
        written = None if diagnostic.secret else _line(span, texts or {})
        if written is not None:
            end = span.end_column if span.end_line == span.line else len(written) + 1
            width = max(1, min(end, len(written) + 1) - span.column)
            written, start, width = _window(written, span.column - 1, width)
            pad = "".join("\t" if c == "\t" else " " for c in written[:start])
            lines += [
                f"{gutter} |",
                f"{number} | {written}",
                f"{gutter} | {pad}{'^' * width}",
            ]
        if diagnostic.notes or diagnostic.help:
            lines.append(f"{gutter} |")
    lines += [f"{gutter} = note: {note}".strip("\n") for note in diagnostic.notes]
    lines += [f"{gutter} = help: {line}" for line in diagnostic.help]
    return "\n".join(lines)


def to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """The diagnostic as JSON-ready data; ``span`` is a mapping or null."""
    data = asdict(diagnostic)
    data["span"] = diagnostic.span._asdict() if diagnostic.span else None
    return data


def _window(written: str, start: int, width: int) -> tuple[str, int, int]:
    """The part of a very long line around a fault, where it starts in it, and its width."""
    if len(written) <= _WIDEST:
        return written, start, width
    left = max(0, min(start - _WIDEST // 4, len(written) - _WIDEST))
    part = written[left : left + _WIDEST]
    head, tail = "…" if left else "", "…" if left + _WIDEST < len(written) else ""
    start = start - left + len(head)
    return f"{head}{part}{tail}", start, max(1, min(width, len(head) + len(part) - start))


def _line(span: Span, texts: Mapping[str, str]) -> str | None:
    text = texts.get(span.file)
    if text is None:
        try:
            text = Path(span.file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None
    if text.startswith("$ANSIBLE_VAULT;"):
        return None
    lines = text.splitlines()
    return lines[span.line - 1] if 0 < span.line <= len(lines) else None
