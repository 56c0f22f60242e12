"""YAML read with the place of every value.

The scalar rules are YAML 1.1 as PyYAML resolves them, which is what Ansible users write for.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.source import Document, Span, UnsafeText, VaultText

if TYPE_CHECKING:
    from pathlib import Path

    from kplay.source import KeyPath, Opener

_MERGE = "tag:yaml.org,2002:merge"
_BARE_TEMPLATE = re.compile(r"(?:^|[:-])\s+(?P<template>\{\{)")
_MOST_VALUES = 2_000_000
"""Aliases can multiply a small text into a document that fills the memory."""


def load_file(path: Path, vault: Opener | None = None) -> Document:
    """Read one YAML document from a file, which ``vault`` opens where it is encrypted.

    Raises:
        InputError: the file is missing, unreadable, not UTF-8, or not one YAML document.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(
            Diagnostic("unreadable-file", f"cannot read `{path}`: {reason}", None)
        ) from error
    return load_text(text, str(path), vault)


def load_text(text: str, file: str, vault: Opener | None = None) -> Document:
    """Parse one YAML document; an empty text gives None as data.

    Raises:
        InputError: syntax errors, duplicate keys and unknown tags, each with its span; an encrypted
            text that cannot be opened.
    """
    if not text.startswith("$ANSIBLE_VAULT;"):
        return _parse(Document(file, text))
    place = Span(file, 1, 1, 1, 2)
    if vault is None:
        message = "this file is encrypted with ansible-vault, and what reads it has no password"
        raise InputError(Diagnostic("vaulted-file", message, place, secret=True))
    try:
        opened = vault.open(text, place).decode("utf-8")
    except UnicodeDecodeError as error:
        message = "what this vaulted file holds is not UTF-8 text"
        raise InputError(Diagnostic("unreadable-file", message, place, secret=True)) from error
    try:
        document = _parse(Document(file, opened, sealed=True))
    except InputError as error:
        raise InputError(map(_without_text, error.diagnostics)) from error
    if isinstance(document.data, dict):
        vault.reveal(document.data)
    return document


def plain(text: str | bytes) -> Any:
    """The data of one YAML document, without places; libyaml reads it, as it does in Ansible.

    Raises:
        yaml.YAMLError: it is not one document of plain YAML.
    """
    return yaml.load(_exact(text), yaml.CSafeLoader)


def plain_documents(text: str | bytes) -> list[Any]:
    """The data of each YAML document in a text, without places.

    Raises:
        yaml.YAMLError: it is not plain YAML.
    """
    return list(yaml.load_all(_exact(text), yaml.CSafeLoader))


def _exact(text: str | bytes) -> str | bytes:
    """What libyaml takes: it has no use for texts that know where they come from."""
    return str(text) if isinstance(text, str) else text


def _without_text(fault: Diagnostic) -> Diagnostic:
    """A fault in a vaulted file, without what may quote its text."""
    message = fault.message.partition(":")[0] if fault.code == "yaml-value" else fault.message
    return replace(fault, message=message, help=(), secret=True)


def _parse(document: Document) -> Document:
    text, file = document.text, document.file
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except RecursionError as error:
        raise InputError(_too_much(document, "nested too deeply")) from error
    except yaml.MarkedYAMLError as error:
        if "nesting depth" in str(error.problem):
            raise InputError(_too_much(document, "nested too deeply")) from error
        raise InputError(_syntax(error, text, file)) from error
    except yaml.YAMLError as error:
        raise InputError(
            Diagnostic(
                "yaml-syntax",
                f"not valid YAML: {str(error).splitlines()[0]}",
                Span(file, 1, 1, 1, 2),
            )
        ) from error
    if node is not None:
        builder = _Builder(document)
        try:
            document.data = builder.build(node, ())
        except RecursionError as error:
            raise InputError(_too_much(document, "nested too deeply")) from error
        if builder.faults:
            raise InputError(builder.faults)
    return document


def _too_much(document: Document, what: str) -> Diagnostic:
    return Diagnostic("yaml-size", f"this document is {what}", Span(document.file, 1, 1, 1, 2))


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    written = lines[line] if line < len(lines) else ""
    span = Span(file, line + 1, column + 1, line + 1, column + 2)
    if "\t" in written[: column + 1] or "'\\t'" in str(error.problem):
        tab = written.index("\t") + 1 if "\t" in written else column + 1
        span = Span(file, line + 1, tab, line + 1, tab + 1)
        return Diagnostic(
            "tab-in-yaml",
            "a tab where YAML wants spaces",
            span,
            help=("indent with spaces",),
        )
    bare = _BARE_TEMPLATE.search(written)
    if bare is not None:
        begin = bare.start("template")
        end = written.rfind("}}") + 2 if "}}" in written else len(written)
        return unquoted_template(
            Span(file, line + 1, begin + 1, line + 1, end + 1), written[begin:].rstrip()
        )
    what = str(error.problem or "not valid YAML").strip()
    notes = (str(error.context),) if error.context else ()
    return Diagnostic("yaml-syntax", what, span, notes=notes)


def unquoted_template(span: Span, text: str) -> Diagnostic:
    """The fault of a value that starts with braces, which YAML reads as a mapping."""
    quoted = text.replace('"', "'")
    return Diagnostic(
        "unquoted-template",
        "a value that starts with `{{` must be quoted",
        span,
        help=(f'write "{quoted}"',),
    )


class _Builder:
    """Turns composed nodes into plain data and span tables."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[Diagnostic] = []
        self.scalars = yaml.constructor.SafeConstructor()
        self.count = 0
        self.around: set[int] = set()

    def span(self, node: yaml.Node) -> Span:
        start, end = node.start_mark, node.end_mark
        return Span(
            self.document.file, start.line + 1, start.column + 1, end.line + 1, end.column + 1
        )

    def build(self, node: yaml.Node, path: KeyPath) -> Any:
        self.document.spans[path] = self.span(node)
        self.count += 1
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if self.count > _MOST_VALUES:
            raise InputError(_too_much(self.document, "too large once its aliases are expanded"))
        if id(node) in self.around:
            self.faults.append(
                Diagnostic("yaml-alias", "an alias stands inside its own anchor", self.span(node))
            )
            return None
        self.around.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        finally:
            self.around.discard(id(node))

    def _scalar(self, node: yaml.Node) -> Any:
        if node.tag == "!unsafe":
            return UnsafeText(node.value)
        if node.tag in ("!vault", "!vault-encrypted"):
            return VaultText(node.value)
        if node.tag not in yaml.constructor.SafeConstructor.yaml_constructors:
            self.faults.append(
                Diagnostic("unknown-tag", f"unknown YAML tag `{node.tag}`", self.span(node))
            )
            return None
        try:
            return self.scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            self.faults.append(
                Diagnostic("yaml-value", f"not a valid value: {error}", self.span(node))
            )
            return None

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[Any, Any]:
        merged = self._merged(node, path)
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                self.faults.append(self._odd_key(node, key_node))
                continue
            key = self._scalar(key_node)
            here = (*path, key)
            if key in result:
                self.faults.append(
                    Diagnostic(
                        "duplicate-key",
                        f"the key `{key}` is written twice",
                        self.span(key_node),
                        notes=(f"first written at {self.document.key_spans[here]}",),
                    )
                )
                continue
            self.document.key_spans[here] = self.span(key_node)
            result[key] = self.build(value_node, here)
        self.document.spans[path] = self.span(node)
        return {**merged, **result} if merged else result

    def _merged(self, node: yaml.MappingNode, path: KeyPath) -> dict[Any, Any]:
        merged: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag != _MERGE:
                continue
            several = isinstance(value_node, yaml.SequenceNode)
            for source in reversed(value_node.value) if several else (value_node,):
                data = self.build(source, path)
                if isinstance(data, dict):
                    merged.update(data)
                else:
                    self.faults.append(
                        Diagnostic("yaml-value", "`<<` wants a mapping", self.span(source))
                    )
        return merged

    def _odd_key(self, node: yaml.MappingNode, key: yaml.Node) -> Diagnostic:
        """A key that is a mapping or list: nearly always a template without quotes."""
        span = self.span(node)
        if isinstance(key, yaml.MappingNode) and span.line == span.end_line:
            line = self.document.text.splitlines()[span.line - 1]
            text = line[span.column - 1 : span.end_column - 1]
            if text.startswith("{{"):
                return unquoted_template(span, text)
        return Diagnostic("yaml-key", "a key must be a plain value", self.span(key))
