"""Free-form arguments: ``k=v`` pairs, and commands with a few options among their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kplay.source import Document, KeyPath, Sourced, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

RAW = "_raw"
COMMAND_OPTIONS = frozenset(
    {
        "creates", "removes", "chdir", "executable", "warn", "stdin", "stdin_add_newline",
        "strip_empty_ends", "unless", "expand_argument_vars",
    }
)  # fmt: skip
"""What Ansible takes out of a command's text when it is written as ``option=value``."""

_CLOSERS = {"{{": "}}", "{%": "%}", "{#": "#}"}


class Word(NamedTuple):
    """A word of free-form text and where it lies in it."""

    text: str
    start: int
    end: int


def words(text: str) -> Iterator[Word]:
    """Words divided by white space; quotes and Jinja braces keep theirs together."""
    start, quote, closers = -1, "", list[str]()
    index = 0
    while index < len(text):
        char, pair = text[index], text[index : index + 2]
        if closers and pair == closers[-1]:
            closers.pop()
            index += 2
            continue
        if pair in _CLOSERS:
            start = index if start < 0 else start
            closers.append(_CLOSERS[pair])
            index += 2
            continue
        if char == "\\" and quote and index + 1 < len(text):
            index += 2
            continue
        if not closers:
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char.isspace():
                if start >= 0:
                    yield Word(text[start:index], start, index)
                    start = -1
                index += 1
                continue
        start = index if start < 0 else start
        index += 1
    if start >= 0:
        yield Word(text[start:], start, len(text))


def unquoted(text: str) -> str:
    """Text without the quotes around all of it."""
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1].replace(f"\\{text[0]}", text[0])
    return text


def pairs(value: Sourced) -> tuple[Sourced, list[Word]]:
    """Text of ``k=v`` words as a mapping with spans, and the words that are no pair."""
    data: dict[str, Any] = {}
    spans: dict[KeyPath, Span] = {(): value.span}
    loose: list[Word] = []
    for word in words(value.value):
        key, equals, given = word.text.partition("=")
        if not equals or not _is_name(key):
            loose.append(word)
            continue
        data[key] = unquoted(given)
        spans[key,] = place(value, word)
    return made(value.document, data, spans), loose


def command(value: Sourced) -> Sourced:
    """A command's text under ``_raw``, with the options found among its words beside it."""
    text: str = value.value
    data: dict[str, Any] = {}
    spans: dict[KeyPath, Span] = {(): value.span, (RAW,): value.span}
    if not any(f"{option}=" in text for option in COMMAND_OPTIONS):
        return made(value.document, {RAW: text.strip()}, spans)
    kept: list[str] = []
    last = 0
    for word in words(text):
        key, equals, given = word.text.partition("=")
        if equals and key in COMMAND_OPTIONS:
            data[key] = unquoted(given)
            spans[key,] = place(value, word)
            kept.append(text[last : word.start].rstrip(" "))
            last = word.end
    kept.append(text[last:])
    return made(value.document, {RAW: "".join(kept).strip(), **data}, spans)


def place(value: Sourced, word: Word) -> Span:
    """Where a word of a one-line text is written; the whole text's span otherwise."""
    span = value.span
    if span.line != span.end_line or span.end_column - span.column < len(value.value):
        return span
    shift = (span.end_column - span.column - len(value.value)) // 2
    return span._replace(
        column=span.column + shift + word.start, end_column=span.column + shift + word.end
    )


def made(document: Document, data: dict[str, Any], spans: dict[KeyPath, Span]) -> Sourced:
    """A mapping that was not written as YAML, with the places its parts came from."""
    keys = {path: span for path, span in spans.items() if path}
    return Document(document.file, document.text, data, spans, keys).root


def merged(first: Sourced, second: Sourced) -> Sourced:
    """Two mappings as one, the first winning; every part keeps its span."""
    if not second.value:
        return first
    spans: dict[KeyPath, Span] = {(): first.span}
    keys: dict[KeyPath, Span] = {}
    for source in (second, first):
        for name, part in source.items():
            _copy(part, (name,), spans, keys)
    document = first.document
    data = {**second.value, **first.value}
    return Document(document.file, document.text, data, spans, keys).root


def _copy(
    value: Sourced, to: KeyPath, spans: dict[KeyPath, Span], keys: dict[KeyPath, Span]
) -> None:
    spans[to], keys[to] = value.span, value.key_span
    if isinstance(value.value, dict):
        for name, part in value.items():
            _copy(part, (*to, name), spans, keys)
    elif isinstance(value.value, list):
        for index, part in enumerate(value.elements()):
            _copy(part, (*to, index), spans, keys)


def _is_name(text: str) -> bool:
    return text.replace("_", "a").replace("-", "a").isalnum()
