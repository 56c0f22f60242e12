"""Reads inventories that are programs: ``--list``, and ``--host NAME`` where it has no ``_meta``.

The interface is that of Ansible's inventory plugin ``script``.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.source import Document, Span
from kplay.yaml_reader import load_text

if TYPE_CHECKING:
    from pathlib import Path

    from kplay.inventory.build import Builder
    from kplay.source import Sourced

_PARTS = ("hosts", "vars", "children")
_LAST_LINES = 20
_MOST_PLACED = 4_000_000
"""Characters of output beyond which values have no line of their own."""


def is_program(path: Path, start: bytes) -> bool:
    """Whether a source is run, not read: it has a ``#!`` or is a binary, and may be executed.

    A mode alone says little: on some file systems every file is executable.
    """
    return start.startswith((b"#!", b"\x7fELF")) and os.access(path, os.X_OK)


def read(path: Path, builder: Builder) -> None:
    """Run a program once and add the hosts, groups and variables that it prints."""
    try:
        root = _output(path, "--list")
        if not isinstance(root.value, dict):
            raise _fault(path, "printed no mapping of groups", root.span)
        _Reading(path, builder).everything(root)
    except InputError as error:
        builder.faults.absorb(error)


class _Reading:
    def __init__(self, path: Path, builder: Builder) -> None:
        self.path = path
        self.builder = builder
        self.met: dict[str, None] = {}

    def everything(self, root: Sourced) -> None:
        meta = root.get("_meta")
        for name, entry in root.items():
            if name != "_meta":
                self._group(name, entry)
        given = meta.get("hostvars") if meta is not None else None
        if given is not None:
            if not isinstance(given.value, dict):
                raise _fault(self.path, "wants a mapping as `_meta.hostvars`", given.span)
            for host, table in given.items():
                self._assign(host, table)
            return
        for host in self.met:
            self._assign(host, _output(self.path, "--host", host))

    def _assign(self, host: str, table: Sourced) -> None:
        if not isinstance(table.value, dict):
            raise _fault(self.path, f"wants a mapping of variables for `{host}`", table.span)
        # Variables of a host that is in no group make no host
        if host in self.met:
            self.builder.inventory.hosts[host].variables.update(table.items())

    def _group(self, name: str, entry: Sourced) -> None:
        group = self.builder.group(name, entry.key_span)
        if isinstance(entry.value, list):
            self._hosts(name, entry)
            return
        if not isinstance(entry.value, dict):
            message = f"wants a mapping or a list of hosts as the group `{name}`"
            raise _fault(self.path, message, entry.span)
        if not any(part in entry.value for part in _PARTS):
            # Ansible's oldest form: a host in a group of its own name
            self.builder.host(name, name, entry.key_span, dict(entry.items()))
            self.met.setdefault(name)
            return
        hosts, variables, children = (entry.get(part) for part in _PARTS)
        if hosts is not None:
            self._hosts(name, hosts)
        if variables is not None:
            if not isinstance(variables.value, dict):
                raise _fault(self.path, f"wants a mapping as vars of `{name}`", variables.span)
            for key, value in variables.items():
                if key == "ansible_group_priority" and isinstance(value.value, int):
                    group.priority = value.value
                else:
                    group.variables[key] = value
        if children is not None:
            for child in self._names(children, f"children of `{name}`"):
                self.builder.group(child.value, child.span)
                self.builder.nest(name, child.value, child.span)

    def _hosts(self, group: str, given: Sourced) -> None:
        for host in self._names(given, f"hosts of `{group}`"):
            self.met.setdefault(host.value)
            self.builder.host(host.value, group, host.span, {})

    def _names(self, given: Sourced, what: str) -> list[Sourced]:
        if not isinstance(given.value, list):
            raise _fault(self.path, f"wants a list as {what}", given.span)
        names = list(given.elements())
        for one in names:
            if not isinstance(one.value, str):
                raise _fault(self.path, f"wants names as {what}, not `{one.value}`", one.span)
        return names


def _output(path: Path, *options: str) -> Sourced:
    argv = [str(path.resolve()), *options]
    shown = " ".join((str(path), *options))
    try:
        done = subprocess.run(argv, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    except OSError as error:
        reason = error.strerror or str(error)
        raise _fault(path, f"cannot be run: {reason}", _first_line(path)) from error
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-_LAST_LINES:]
    if done.returncode != 0:
        message = f"ended with status {done.returncode} when called with `{' '.join(options)}`"
        raise _fault(path, message, _first_line(path), *said)
    try:
        text = done.stdout.decode("utf-8")
        data = json.loads(text) if text.strip() or options[0] == "--list" else {}
    except UnicodeDecodeError as error:
        raise _fault(path, "printed what is not UTF-8 text", _first_line(path), *said) from error
    except json.JSONDecodeError as error:
        message = f"printed no JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        line = text.splitlines()[error.lineno - 1 : error.lineno]
        place = f"line {error.lineno}, column {error.colno}: {line[0][:120] if line else ''}"
        notes = (f"of `{shown}`, {place.rstrip(': ')}", *said)
        raise _fault(path, message, _first_line(path), *notes) from error
    return _placed(text, data, shown).root


def _placed(text: str, data: Any, shown: str) -> Document:
    """Data with the lines of the output that hold them, where YAML reads it as JSON does."""
    if text.strip() and len(text) < _MOST_PLACED:
        try:
            document = load_text(text, shown)
        except InputError:
            pass
        else:
            document.data = data
            return document
    return Document(shown, text, data)


def _first_line(path: Path) -> Span:
    try:
        with path.open("rb") as file:
            width = len(file.readline(200).rstrip())
    except OSError:
        width = 1
    return Span(str(path), 1, 1, 1, max(2, width + 1))


def _fault(path: Path, message: str, span: Span, *notes: str) -> InputError:
    text = f"the inventory program `{path}` {message}"
    return InputError(Diagnostic("inventory-program", text, span, notes=notes))
