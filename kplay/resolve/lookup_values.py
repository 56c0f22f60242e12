"""Lookups of variables, the environment and programs of the controller."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

from kplay.errors import InputError
from kplay.inventory.patterns import select
from kplay.resolve.faults import fault
from kplay.resolve.lazy import settle
from kplay.resolve.missing import Missing
from kplay.resolve.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.resolve.scope import Scope

Options = dict[str, Any]


def env(_: Scope, terms: list[Any], options: Options) -> list[Any]:
    """Environment variables of the controller."""
    return [os.environ.get(str(term).split()[0], options.get("default", "")) for term in terms]


def variables(scope: Scope, terms: list[Any], options: Options) -> list[Any]:
    """Variables whose names are computed."""
    found = []
    for term in terms:
        value = scope.find(term)
        if isinstance(value, Missing):
            error = value.make()
            if "default" not in options or scope.defines(str(term)):
                raise error
            value = options["default"]
        found.append(value if isinstance(value, Unknown) else settle(value))
    return found


def varnames(scope: Scope, terms: list[Any], _: Options) -> list[Any]:
    """Names of variables that regular expressions match."""
    names = scope.names()
    if not all(isinstance(term, str) for term in terms):
        raise TypeError("it takes texts")
    return [name for term in terms for name in names if re.search(str(term), name)]


def _run(scope: Scope, command: str) -> str | Unknown:
    if not scope.context.run_programs:
        return Unknown(f"the output of `{command}` on the controller")
    done = subprocess.run(  # noqa: S602 - the user's own shell command, as Ansible's pipe
        command,
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        cwd=scope.store.playbook_dir,
    )
    if done.returncode:
        tail = done.stderr.strip().splitlines()[-1:] or [""]
        raise fault(
            "lookup-failed", f"`{command}` ended with status {done.returncode} {tail[0]}".rstrip()
        )
    return done.stdout


def pipe(scope: Scope, terms: list[Any], _: Options) -> list[Any]:
    """The output of commands on the controller."""
    outputs = [_run(scope, str(term)) for term in terms]
    return [one if isinstance(one, Unknown) else one.rstrip("\n") for one in outputs]


def lines(scope: Scope, terms: list[Any], _: Options) -> list[Any] | Unknown:
    """The lines that commands on the controller write."""
    found: list[Any] = []
    for term in terms:
        output = _run(scope, str(term))
        if isinstance(output, Unknown):
            return output
        found += output.splitlines()
    return found


def inventory_hostnames(scope: Scope, terms: list[Any], _: Options) -> list[Any]:
    """Hosts of the inventory that patterns match; none where a pattern names nothing."""
    try:
        return select(scope.store.inventory, ":".join(str(term) for term in terms))
    except InputError:
        return []


LOOKUPS: dict[str, Callable[[Scope, list[Any], Options], Any]] = {
    "env": env,
    "vars": variables,
    "varnames": varnames,
    "pipe": pipe,
    "lines": lines,
    "inventory_hostnames": inventory_hostnames,
}
