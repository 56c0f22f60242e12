"""Values with their places in the user's files.

Data stay plain (dict, list, str, int, float, bool, None, date); spans lie beside them in a table
keyed by path, so that nothing downstream has to know about tagged strings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

KeyPath = tuple[str | int, ...]


class Span(NamedTuple):
    """A range of text in a file; lines and columns count from 1, the end column is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class UnsafeText(str):
    """Text written with ``!unsafe``: it is never read as a template."""

    __slots__ = ()


class VaultText(str):
    """Text written with ``!vault``: an encrypted value, still sealed."""

    __slots__ = ()


class OpenedText(UnsafeText):
    """What a vaulted value holds; ``sealed`` is the value as written."""

    __slots__ = ("sealed",)
    sealed: VaultText

    def __new__(cls, text: str, sealed: VaultText) -> Self:
        """Keep both forms."""
        made = super().__new__(cls, text)
        made.sealed = sealed
        return made


class Opener(Protocol):
    """What opens vaulted files (``kplay.vault.keyring`` has the one of a run)."""

    def open(self, text: str, span: Span | None) -> bytes:
        """What a sealed text holds; raises InputError where it cannot be opened."""
        ...

    def reveal(self, data: Any) -> None:
        """Take note of values that must not be shown."""
        ...


@dataclass(slots=True)
class Document:
    """One YAML document: plain data, and the spans of its values and keys by path."""

    file: str
    text: str
    data: Any = None
    spans: dict[KeyPath, Span] = field(default_factory=dict)
    key_spans: dict[KeyPath, Span] = field(default_factory=dict)
    sealed: bool = False
    """Whether the file is a vault; ``text`` is what it holds."""

    @property
    def root(self) -> Sourced:
        """The whole document as a sourced value."""
        return Sourced(self.data, self, ())


@dataclass(frozen=True, slots=True, eq=False)
class Sourced:
    """A plain value together with its place in a document."""

    value: Any
    document: Document
    path: KeyPath

    @property
    def span(self) -> Span:
        """Where the value is written; for a value made up by kplay, its nearest parent."""
        return self._nearest(self.document.spans)

    @property
    def key_span(self) -> Span:
        """Where the key of this value is written (the value's own span for a list item)."""
        return self.document.key_spans.get(self.path) or self.span

    def _nearest(self, table: dict[KeyPath, Span]) -> Span:
        path = self.path
        while path and path not in table:
            path = path[:-1]
        return table.get(path) or Span(self.document.file, 1, 1, 1, 1)

    def child(self, key: str | int) -> Sourced:
        """The value under ``key``; raises KeyError or IndexError as the plain value would."""
        return Sourced(self.value[key], self.document, (*self.path, key))

    def get(self, key: str) -> Sourced | None:
        """The value under ``key`` of a mapping, or None."""
        if isinstance(self.value, dict) and key in self.value:
            return self.child(key)
        return None

    def items(self) -> Iterator[tuple[str, Sourced]]:
        """Keys and sourced values of a mapping, in the order written."""
        for key in self.value:
            yield key, self.child(key)

    def elements(self) -> Iterator[Sourced]:
        """Sourced items of a list, in order."""
        for index in range(len(self.value)):
            yield self.child(index)


def made_up(value: Any, file: str = "<kplay>") -> Sourced:
    """A value that no file holds (the command line's, or one that kplay adds)."""
    return Document(file, "", value).root
