"""Where a run keeps facts, and which of them count at its start."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.resolve.fact_cache import DAY, GATHERED, Cached, FactCache, age_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kplay.execute.options import RunOptions
    from kplay.resolve.variables import VariableStore

FOLDER = "facts"
"""Under the runs' folder: facts for the hosts outside a later run's ``--limit``."""


def keeps_facts(options: RunOptions) -> bool:
    """Whether ansible.cfg asks for facts of earlier runs to count as variables."""
    return str(options.ansible_cfg.get("fact_caching", "memory")).endswith("jsonfile")


def fact_cache(options: RunOptions) -> FactCache:
    """The folder that ansible.cfg names, else kplay's own; a plan reads a flushed one as empty.

    Raises:
        InputError: ``fact_caching = jsonfile`` without a folder.
    """
    cfg = options.ansible_cfg
    timeout = cfg.get("fact_caching_timeout", DAY)
    flushed = options.flush_cache and options.check
    if not keeps_facts(options):
        return FactCache(options.runs_directory / FOLDER, timeout=timeout, flushed=flushed)
    connection = cfg.get("fact_caching_connection")
    if connection is None:
        origin = cfg.values["fact_caching"].origin
        message = "`fact_caching = jsonfile` wants a folder: `fact_caching_connection`"
        raise InputError(
            Diagnostic("missing-setting", message, None, notes=(f"given by {origin}",))
        )
    prefix = cfg.get("fact_caching_prefix", "")
    return FactCache(Path(connection), prefix=prefix, timeout=timeout, flushed=flushed)


def recall(store: VariableStore, cache: FactCache, hosts: Iterable[str]) -> None:
    """Let facts of earlier runs count for hosts."""
    for host in hosts:
        kept = cache.read(host)
        if kept is not None:
            store.recall_facts(host, kept.facts, origin(kept))


def origin(kept: Cached) -> str:
    """Where facts were kept, and how old they are."""
    return f"{age_text(kept.age)} old, kept in {kept.path}"


def remembered(cache: FactCache, host: str) -> dict[str, Any]:
    """A host's facts of earlier runs as variables; empty without any."""
    kept = cache.read(host)
    facts = kept.facts if kept is not None else {}
    return {name: value for name, value in facts.items() if name != GATHERED}


@cache
def fact_names() -> frozenset[str]:
    """Names of facts: those that this controller would give."""
    from kplay.agent.reading import LocalProbe
    from kplay.modules import setup

    return frozenset(setup.observe(LocalProbe(), {})["ansible_facts"])
