"""Reads inventories in YAML form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.diagnostics import suggest
from kplay.inventory import ranges

if TYPE_CHECKING:
    from kplay.diagnostics import Faults
    from kplay.inventory.build import Builder
    from kplay.source import Sourced

_PARTS = ("hosts", "vars", "children")


def read(root: Sourced, builder: Builder) -> None:
    """Add the hosts, groups and variables of a YAML document."""
    if root.value is None:
        return
    if not isinstance(root.value, dict):
        builder.faults.add("bad-value", "an inventory is a mapping of groups", root.span)
        return
    if isinstance(root.value.get("name"), str) and isinstance(root.value.get("hosts"), dict):
        builder.faults.add(
            "lab-file",
            "this is a lab file, which says what hosts to make, and no inventory",
            root.child("name").key_span,
            help=("`kplay lab up FILE` makes its hosts, and `--lab FILE` reaches them",),
        )
        return
    for name, entry in root.items():
        _group(str(name), entry, builder)


def _group(name: str, entry: Sourced, builder: Builder) -> None:
    faults = builder.faults
    group = builder.group(name, entry.key_span)
    if entry.value is None:
        return
    if not isinstance(entry.value, dict):
        faults.add("bad-value", f"the group `{name}` wants a mapping", entry.span)
        return
    for part, value in entry.items():
        if part not in _PARTS:
            faults.add(
                "unknown-keyword",
                f"a group has hosts, vars and children, not `{part}`",
                value.key_span,
                help=suggest(str(part), _PARTS),
            )
        elif value.value is None:
            continue
        elif part == "hosts" and isinstance(value.value, str):
            _host(value.value, value, name, builder)
        elif part == "children" and isinstance(value.value, str):
            builder.group(value.value, value.span)
            builder.nest(name, value.value, value.span)
        elif not isinstance(value.value, dict):
            faults.add(
                "bad-value",
                f"`{part}` of the group `{name}` wants a mapping",
                value.span,
                help=("write each name with a colon behind it",) if part != "vars" else (),
            )
        elif part == "hosts":
            for host, given in value.items():
                _host(str(host), given, name, builder)
        elif part == "vars":
            for key, variable in value.items():
                if key == "ansible_group_priority":
                    _priority(variable, name, builder)
                else:
                    group.variables[key] = variable
        else:
            for child, inner in value.items():
                _group(str(child), inner, builder)
                builder.nest(name, str(child), inner.key_span)


def _priority(value: Sourced, group: str, builder: Builder) -> None:
    if isinstance(value.value, int):
        builder.inventory.groups[group].priority = value.value
    else:
        builder.faults.add("bad-value", "`ansible_group_priority` wants a whole number", value.span)


def _host(text: str, given: Sourced, group: str, builder: Builder) -> None:
    faults: Faults = builder.faults
    name, port = ranges.split_port(text)
    try:
        names = ranges.expand(name)
    except ValueError as error:
        faults.add("bad-range", str(error), given.key_span)
        return
    variables: dict[str, Sourced] = {}
    if isinstance(given.value, dict):
        variables = dict(given.items())
    elif given.value is not None and given.value != text:
        faults.add("bad-value", f"the host `{text}` wants a mapping of variables", given.span)
    if port is not None:
        from kplay.source import Document

        made = Document(given.document.file, given.document.text, port, {(): given.key_span})
        variables.setdefault("ansible_port", made.root)
    for one in names:
        builder.host(one, group, given.key_span, variables)
