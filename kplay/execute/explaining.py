"""From options to the explanation of one variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.execute.facts import fact_names
from kplay.execute.prepare import prepare
from kplay.graph.explain import explain as of_graph
from kplay.modules.secret_names import is_secret_key
from kplay.resolve.faults import TemplateError
from kplay.source import Sourced, VaultText

if TYPE_CHECKING:
    from kplay.execute.options import RunOptions
    from kplay.graph.explain import Explanation
    from kplay.resolve.scope import Scope


def explain(options: RunOptions, name: str, host: str) -> tuple[list[Explanation], set[str]]:
    """Explanations by play, and the values of the host's secret variables.

    Raises:
        InputError: what the user wrote is wrong, or nothing defines the name.
    """
    prepared = prepare(options)
    graph, store, loader = prepared.graph, prepared.store, prepared.loader
    found = of_graph(graph, store, loader, name, host, fact_names=fact_names)
    secrets: set[str] = set()
    for one in store.inventory.hosts if name.startswith("hostvars") else [host]:
        secrets |= _secrets(store.scope(None, one))
    for strand in prepared.graph.plays:
        if host in strand.hosts:
            secrets |= _secrets(store.scope(strand.play, host))
    return found, secrets | prepared.vault.revealed


def _secrets(scope: Scope) -> set[str]:
    found: set[str] = set()
    for name in scope.names():
        if not is_secret_key(name) and not _is_vaulted(scope, name):
            continue
        try:
            value = scope[name]
        except (TemplateError, KeyError):
            continue
        if isinstance(value, str):
            found.add(str(value))
    return found


def _is_vaulted(scope: Scope, name: str) -> bool:
    written = scope.written(name)
    return isinstance(written, Sourced) and isinstance(written.value, VaultText)
