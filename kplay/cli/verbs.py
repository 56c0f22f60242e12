"""The verbs, in the order in which --help lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from kplay.cli import (
    apply,
    bundle,
    completion,
    doc,
    doctor,
    explain,
    graph,
    inventory,
    lab,
    lint,
    modules,
    plan,
    resume,
    run,
    show,
    vault,
    version,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.errors import ExitCode


class Verb(Protocol):
    """What a verb's file holds."""

    HELP: str
    """One line, for the list of verbs."""

    def add(self, parser: ArgumentParser) -> None:
        """Declare the verb's options and arguments."""
        ...

    def run(self, chosen: Namespace) -> ExitCode:
        """Do it; faults are raised as KplayError."""
        ...


def verbs() -> dict[str, Verb]:
    """Every verb by name."""
    found = {
        "inventory": inventory,
        "explain": explain,
        "lint": lint,
        "graph": graph,
        "plan": plan,
        "show": show,
        "apply": apply,
        "run": run,
        "resume": resume,
        "lab": lab,
        "bundle": bundle,
        "vault": vault,
        "modules": modules,
        "doc": doc,
        "doctor": doctor,
        "completion": completion,
        "version": version,
    }
    return {name: cast("Verb", module) for name, module in found.items()}
