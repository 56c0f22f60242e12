"""A play's vars_files: named by templates, an inner list meaning the first that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.resolve.unknown import Unknown
from kplay.yaml_reader import load_file

if TYPE_CHECKING:
    from pathlib import Path

    from kplay.playbook.model import Play
    from kplay.resolve.precedence import Table
    from kplay.resolve.scope import Scope
    from kplay.resolve.variables import VariableStore
    from kplay.source import Sourced


def read(
    store: VariableStore, play: Play, scope: Scope, kept: dict[tuple[int, str], Table]
) -> Table:
    """The variables of a play's files for a scope that does not see them yet.

    Raises:
        InputError: a file is missing or holds no mapping.
    """
    paths = [path for one in play.vars_files if (path := _choose(store, play, one, scope))]
    key = (id(play), "\0".join(map(str, paths)))
    table = kept.get(key)
    if table is None:
        table = {}
        for path in paths:
            root = load_file(path, store.vault).root
            if root.value is None:
                continue
            if not isinstance(root.value, dict):
                raise InputError(
                    Diagnostic("bad-vars-file", "a variables file must be a mapping", root.span)
                )
            table.update(root.items())
        kept[key] = table
    return table


def _choose(store: VariableStore, play: Play, written: Sourced, scope: Scope) -> Path | None:
    choices = list(written.elements()) if isinstance(written.value, list) else [written]
    base = play.directory or store.playbook_dir
    for choice in choices:
        name = scope.template(choice)
        if isinstance(name, Unknown):
            return None
        for folder in (base / "vars", base):
            path = folder / str(name)
            if path.is_file():
                return path
    raise InputError(
        Diagnostic(
            "missing-file",
            "no such variables file: " + ", ".join(f"`{one.value}`" for one in choices),
            written.span,
            help=(f"sought in {base / 'vars'} and {base}",),
        )
    )
