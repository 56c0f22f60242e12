"""Reads inventories in INI form."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from kplay.diagnostics import suggest
from kplay.inventory import ranges
from kplay.source import Document, Sourced, Span

if TYPE_CHECKING:
    from kplay.diagnostics import Faults
    from kplay.inventory.build import Builder

_SECTION = re.compile(r"\[(?P<name>[^:\]]+)(?::(?P<kind>[^\]]*))?\]\s*(?:#.*)?\Z")
_WORD = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+""")
_PLAIN = re.compile(r"[A-Za-z][\w./:@%+-]*\Z")


def read(text: str, file: str, builder: Builder) -> None:
    """Add the hosts, groups and variables of an INI text."""
    Reader(text, file, builder).read()


class Reader:
    """One pass over the lines of an INI inventory."""

    def __init__(self, text: str, file: str, builder: Builder) -> None:
        self.document = Document(file, text)
        self.builder = builder
        self.faults: Faults = builder.faults
        self.section, self.kind = "ungrouped", "hosts"
        self.line = 0
        self._seen: dict[tuple[str, str], Span] = {}

    def read(self) -> None:
        """Read every line; faults are noted and reading goes on."""
        for number, written in enumerate(self.document.text.splitlines(), 1):
            self.line = number
            text = written.strip()
            if not text or text[0] in "#;":
                continue
            if text[0] == "[" and not self._is_host(text):
                self._open(written, text)
            elif self.kind == "hosts":
                self._host(written)
            elif self.kind == "vars":
                self._variable(written)
            elif self.kind == "children":
                self._child(written, text)

    def _is_host(self, text: str) -> bool:
        """Whether a line in brackets is an IPv6 address with a port."""
        return text.count(":") > 1 and self.kind == "hosts"

    def _open(self, written: str, text: str) -> None:
        span = self._span(written, text)
        found = _SECTION.match(text)
        self.kind = "refused"
        if found is None:
            self.faults.add(
                "bad-section",
                f"not a section's heading: `{text}`",
                span,
                help=("write [group], [group:vars] or [group:children]",),
            )
            return
        name, kind = found["name"].strip(), found["kind"] if found["kind"] is not None else "hosts"
        if kind not in ("hosts", "vars", "children"):
            self.faults.add(
                "bad-section",
                f"a section of a group holds vars or children, not `{kind}`",
                span,
                help=suggest(kind, ("vars", "children")),
            )
            return
        before = self._seen.setdefault((name, kind), span)
        if before is not span:
            self.faults.add(
                "duplicate-section",
                f"the section `{text}` is written twice",
                span,
                notes=(f"first written at {before}",),
            )
        self.section, self.kind = name, kind
        if kind == "vars":
            self.builder.want(name, span)
        else:
            self.builder.group(name, span)

    def _host(self, written: str) -> None:
        words = list(_WORD.finditer(_without_comment(written)))
        first = words[0]
        span = Span(self.document.file, self.line, first.start() + 1, self.line, first.end() + 1)
        name, port = ranges.split_port(_unquoted(first[0]))
        try:
            names = ranges.expand(name)
        except ValueError as error:
            self.faults.add("bad-range", str(error), span)
            return
        variables: dict[str, Sourced] = {}
        if port is not None:
            variables["ansible_port"] = self._sourced("ansible_port", port, span)
        for word in words[1:]:
            key, equals, value = word[0].partition("=")
            place = Span(self.document.file, self.line, word.start() + 1, self.line, word.end() + 1)
            if not equals:
                self.faults.add(
                    "bad-variable",
                    f"wanted `name=value`, not `{word[0]}`",
                    place,
                    help=("a value with spaces must be quoted",),
                )
                return
            if key in variables and key != "ansible_port":
                self.faults.add("duplicate-key", f"`{key}` is given twice", place)
                continue
            variables[key] = self._sourced(key, literal(_unquoted(value)), place)
        for one in names:
            self.builder.host(one, self.section, span, variables)

    def _variable(self, written: str) -> None:
        key, equals, value = written.partition("=")
        name, text = key.strip(), value.strip()
        span = self._span(written, written.strip())
        if not equals or not name:
            self.faults.add("bad-variable", f"wanted `name = value`, not `{written.strip()}`", span)
            return
        given = literal(text)
        place = self._span(written, text, len(key) + 1) if text else span
        sourced = self._sourced(name, given, place)
        group = self.builder.inventory.groups.get(self.section)
        if group is None:
            group = self.builder.group(self.section, span, declared=False)
        if name == "ansible_group_priority":
            if isinstance(given, int):
                group.priority = given
            else:
                self.faults.add(
                    "bad-value", f"`{name}` wants a whole number, not `{text}`", sourced.span
                )
            return
        group.variables[name] = sourced

    def _child(self, written: str, text: str) -> None:
        name = text.partition("#")[0].strip()
        span = self._span(written, name)
        self.builder.want(name, span)
        self.builder.group(name, span, declared=False)
        self.builder.nest(self.section, name, span)

    def _span(self, written: str, text: str, after: int = 0) -> Span:
        column = written.index(text, after) + 1
        return Span(self.document.file, self.line, column, self.line, column + len(text))

    def _sourced(self, key: str, value: Any, span: Span) -> Sourced:
        path = (self.line, key)
        self.document.spans[path] = span
        return Sourced(value, self.document, path)


def literal(text: str) -> Any:
    """A value by Ansible's rule for INI: a Python literal, else the text as it is."""
    if _PLAIN.match(text) and text not in ("True", "False", "None"):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text
    return value if not isinstance(value, (bytes, complex)) else text


def _without_comment(text: str) -> str:
    if "#" not in text:
        return text
    quote = ""
    for index, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#":
            return text[:index]
    return text


def _unquoted(text: str) -> str:
    if not any(char in text for char in "'\"\\"):
        return text
    import shlex

    try:
        words = shlex.split(text)
    except ValueError:
        return text
    return words[0] if len(words) == 1 else text
