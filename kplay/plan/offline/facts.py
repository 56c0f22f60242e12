"""Facts in a plan from files alone: those that earlier runs kept; the others are unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.execute.facts import fact_cache, fact_names, origin
from kplay.resolve.unknown import PartialResult, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kplay.execute.options import RunOptions
    from kplay.plan.offline.alike import Alike
    from kplay.resolve.variables import VariableStore


class Facts:
    """What is known of hosts without asking them."""

    def __init__(self, options: RunOptions, store: VariableStore, alike: Alike) -> None:
        self.cache = fact_cache(options)
        self.store = store
        self.alike = alike
        self._kept: dict[str, str] = {}

    def gather(self, hosts: list[str]) -> None:
        """Facts of an earlier run where they are kept; the others are unknown."""
        lacking = []
        for host in hosts:
            if host in self.store.gathered:
                continue
            kept = self.cache.read(host)
            if kept is None:
                lacking.append(host)
            else:
                self.store.recall_facts(host, kept.facts)
                self._kept[host] = origin(kept)
        self.unknown([lacking])

    def unknown(self, parts: Iterable[list[str]]) -> None:
        """Hosts were asked for their facts, of which nothing is known."""
        cause = "the hosts' facts, which were not gathered"
        table: dict[str, object] = dict.fromkeys(fact_names(), Unknown(cause))
        view = PartialResult({}, cause)
        for hosts in parts:
            for host in hosts:
                if not self.store.facts.get(host):
                    self.store.facts[host] = table
                    self.store.fact_views[host] = view
        self.alike.changed("ansible_facts")

    def notes(self) -> list[str]:
        """Of how many hosts facts were kept, and how old they are."""
        if not self._kept:
            return []
        first = next(iter(self._kept.values()))
        return [f"facts of {len(self._kept)} hosts are those of earlier runs: {first}"]
