"""Loads inventories: files in INI or YAML form, folders of them, and lists of hosts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic, Faults
from kplay.errors import InputError
from kplay.inventory import ini, ranges, yaml_form
from kplay.inventory.build import Builder
from kplay.inventory.variables import Folder
from kplay.source import Span, load_text, made_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.inventory.model import Inventory

_YAML = (".yml", ".yaml", ".json")
_IGNORED = (
    ".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry",
)  # fmt: skip


def load(sources: Sequence[str | Path]) -> Inventory:
    """The hosts and groups of all sources together; later ones win.

    Args:
        sources: files, folders, or lists of hosts with a comma in them (``a,b,``).

    Raises:
        InputError: what is wrong in any of them, all at once.
    """
    faults = Faults()
    builder = Builder(faults)
    beside: list[Path] = []
    for source in sources:
        if isinstance(source, str) and "," in source and not Path(source).exists():
            _read_list(source, builder)
            continue
        path = Path(source)
        builder.inventory.sources.append(path)
        beside.append(path if path.is_dir() else path.parent)
        _read_path(path, builder)
    inventory = builder.finish()
    faults.settle()
    for directory in dict.fromkeys(beside):
        _load_folders(inventory, directory, faults, playbook=False)
    faults.settle()
    return inventory


def load_adjacent(inventory: Inventory, directory: Path) -> None:
    """Add group_vars and host_vars beside a playbook, as ``playbook_variables``.

    Raises:
        InputError: a file there cannot be read as variables.
    """
    faults = Faults()
    _load_folders(inventory, directory, faults, playbook=True)
    faults.settle()


def _load_folders(inventory: Inventory, directory: Path, faults: Faults, *, playbook: bool) -> None:
    groups = Folder(directory / "group_vars", faults)
    for group in inventory.groups.values():
        target = group.playbook_variables if playbook else group.file_variables
        target.update(groups.table(group.name))
    hosts = Folder(directory / "host_vars", faults)
    implicit = [inventory.implicit] if inventory.implicit is not None else []
    for host in [*inventory.hosts.values(), *implicit]:
        target = host.playbook_variables if playbook else host.file_variables
        target.update(hosts.table(host.name))


def _read_list(source: str, builder: Builder) -> None:
    span = Span("<command line>", 1, 1, 1, 2)
    for text in source.split(","):
        name, port = ranges.split_port(text.strip())
        if not name:
            continue
        try:
            names = ranges.expand(name)
        except ValueError as error:
            builder.faults.add("bad-range", f"`{text}`: {error}", None)
            continue
        variables = {"ansible_port": made_up(port)} if port is not None else {}
        for one in names:
            builder.host(one, "ungrouped", span, variables)


def _read_path(path: Path, builder: Builder) -> None:
    if not path.exists():
        builder.faults.add(
            "missing-file",
            f"no inventory at `{path}`",
            None,
            help=("a list of hosts has a comma in it: `a,`",),
        )
        return
    if path.is_dir():
        for inner in sorted(path.iterdir()):
            if inner.name in ("group_vars", "host_vars") or inner.name.startswith("."):
                continue
            if not inner.name.endswith(_IGNORED):
                _read_path(inner, builder)
        return
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        builder.faults.add("unreadable-file", f"cannot read `{path}`: {reason}", None)
        return
    if text.startswith("#!") and os.access(path, os.X_OK):
        builder.faults.append(
            Diagnostic(
                "unsupported-inventory",
                "inventories that are programs are not supported",
                Span(str(path), 1, 1, 1, len(text.split("\n", 1)[0]) + 1),
                help=("write its hosts out: ansible-inventory --list --yaml --export",),
            )
        )
        return
    if path.suffix in _YAML or text.lstrip().startswith("---"):
        try:
            yaml_form.read(load_text(text, str(path)).root, builder)
        except InputError as error:
            builder.faults.absorb(error)
        return
    ini.read(text, str(path), builder)
