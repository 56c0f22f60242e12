"""The stages from files to a changed host, in order. Read this file first.

    inventory ─┐
               ├─> playbook ─> graph ⇄ resolve ─> plan | execute ─> report
    modules  ──┘   (spans)     (DAG)    (vars)    (agent, hosts)    (events)

Each stage is a package that imports only what stands to its left. Nothing is imported here before
it is called, so that the command line starts fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from kplay.errors import ExitCode
    from kplay.execute.options import RunOptions
    from kplay.execute.prepare import Prepared
    from kplay.graph.explain import Explanation
    from kplay.graph.model import PlayStrand
    from kplay.inventory.model import Inventory
    from kplay.lint.check import Report
    from kplay.plan.document import Document
    from kplay.plan.make import Plan
    from kplay.plan.offline.outlook import Forecast
    from kplay.plan.wanted import Wanted
    from kplay.walk.events import Listener


def load_inventory(options: RunOptions) -> Inventory:
    """Inventory: hosts, groups and their variables, from files alone."""
    from kplay.execute.prepare import load_inventory as load

    return load(options)


def load_shape(options: RunOptions) -> Inventory:
    """Inventory: hosts and groups, where vaulted variables need not be opened."""
    from kplay.execute.prepare import load_shape as load

    return load(options)


def prepare(options: RunOptions) -> Prepared:
    """Inventory, playbook, graph and variables: everything known before the first packet."""
    from kplay.execute.prepare import prepare as all_of_it

    return all_of_it(options)


def check_syntax(options: RunOptions) -> list[PlayStrand]:
    """Load playbooks and build their graph; an inventory is read where there is one."""
    from kplay.execute.prepare import check_syntax as check

    return check(options)


def explain(options: RunOptions, name: str, host: str) -> tuple[list[Explanation], set[str]]:
    """Where a variable's value on a host comes from, and what of it all must not be shown."""
    from kplay.execute.explaining import explain as from_options

    return from_options(options, name, host)


def lint(options: RunOptions, *, strict: bool = False) -> Report:
    """What is wrong with playbooks, as far as files alone can tell."""
    from kplay.lint.check import lint as all_rules

    return all_rules(options, strict=strict)


def plan(options: RunOptions, listener: Listener, output: Path | None = None) -> Plan:
    """Walk the graph and observe: what an apply would do, kept in a file if one is named.

    Changes nothing.
    """
    if output is not None:
        from kplay.plan.save import make_and_save

        return make_and_save(options, listener, output)
    from kplay.plan.make import make

    return make(options, listener)


def forecast(options: RunOptions) -> Forecast:
    """What an apply would look at or do, from files alone: no host is asked."""
    from kplay.plan.offline import forecast as from_files

    return from_files(options)


def wanted(options: RunOptions) -> Wanted:
    """Which artifacts of a bundle an apply would take, from files alone."""
    from kplay.plan.wanted import wanted as from_files

    return from_files(options)


def execute(options: RunOptions, listener: Listener) -> ExitCode:
    """Walk the same graph and apply."""
    from kplay.execute.run import run

    return run(options, listener, mode="apply")


def read_plan(path: Path) -> Document:
    """A plan file, to be shown; needs neither the project nor its hosts."""
    from kplay.plan.document import read

    return read(path)


def execute_plan(path: Path, options: RunOptions, listener: Listener) -> ExitCode:
    """Do what a plan file says, and nothing else."""
    from kplay.execute.planned import run

    return run(path, options, listener)


def resume(
    run: str,
    options: RunOptions,
    listener: Listener,
    *,
    done: Collection[str] = (),
    again: Collection[str] = (),
) -> ExitCode:
    """Go on with a run that broke; the newest when no id is given."""
    from kplay.execute.resume import resume as go_on

    return go_on(
        run,
        listener,
        options,
        done=done,
        again=again,
    )
