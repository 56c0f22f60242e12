"""Facts of hosts that no play runs on: those that are kept, and those to be gathered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.execute.facts import origin
from kplay.graph.aside import gather_aside
from kplay.graph.outside import can_be_gathered, fact_reads, gatherers
from kplay.inventory.patterns import select
from kplay.resolve.fact_cache import age_text
from kplay.walk.chosen import play_hosts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from kplay.execute.options import RunOptions
    from kplay.graph.model import Graph
    from kplay.graph.outside import Reads
    from kplay.inventory.model import Group, Host, Inventory
    from kplay.playbook.model import Playbook
    from kplay.resolve.fact_cache import Cached, FactCache
    from kplay.resolve.variables import VariableStore

ABSENT = "kplay_absent"
"""The variable that declares a host absent in the inventory."""

_MOST_LINES = 4


def absent_hosts(options: RunOptions, store: VariableStore) -> set[str]:
    """Hosts that ``--absent`` or the inventory declares gone.

    Raises:
        InputError: ``--absent`` names what is no host or group.
    """
    inventory = store.inventory
    found = {name for text in options.absent for name in select(inventory, text)}
    if _says_absent(inventory):
        for name in inventory.hosts:
            value = store.scope(None, name).get(ABSENT, False)
            if not isinstance(value, bool):
                span = getattr(store.inventory_table(name)[ABSENT], "span", None)
                message = f"`{ABSENT}` wants true or false, not `{value}`"
                raise InputError(Diagnostic("bad-value", message, span))
            if value:
                found.add(name)
    return found


def _says_absent(inventory: Inventory) -> bool:
    holders: list[Host | Group] = [*inventory.hosts.values(), *inventory.groups.values()]
    return any(
        ABSENT in table
        for one in holders
        for table in (one.variables, one.file_variables, one.playbook_variables)
    )


def bring_facts(
    options: RunOptions, playbook: Playbook, graph: Graph, store: VariableStore, cache: FactCache
) -> list[str]:
    """Let the facts be there that plays read of other hosts; gives what the user is to know.

    Facts that are kept and not too old count. Others are gathered where a play would have gathered
    them without ``--limit``: such hosts get a play of their own in the graph.
    """
    left_out = set(store.inventory.hosts).difference(*(strand.hosts for strand in graph.plays))
    if not left_out or not (options.limit or store.absent):
        return []
    reads = fact_reads(graph, store, left_out)
    notes = [_untold(one) for one in reads if one.untold]
    wanted: dict[str, list[Reads]] = {}
    for one in reads:
        for name in one.others:
            wanted.setdefault(name, []).append(one)
    found: dict[str, Cached] = {}
    unknown: dict[str, list[str]] = {}
    lacking = []
    for name in (one for one in store.inventory.hosts if one in wanted):
        kept = cache.read(name, even_old=name in store.absent)
        if kept is not None:
            found[name] = kept
            store.recall_facts(name, kept.facts, origin(kept))
        elif name not in store.absent and _can_be_gathered(name, wanted[name]):
            lacking.append(name)
        else:
            unknown.setdefault(_places(wanted[name]), []).append(_who(name, store))
    notes += _kept(found, store, cache)
    notes += [f"no facts are kept of {', '.join(who)}: {where}" for where, who in unknown.items()]
    if any(one.untold for one in reads):
        notes += _recall_rest(left_out - wanted.keys(), store, cache)
    if options.limit:
        gather_aside(graph, _by_play(lacking, playbook, graph, store), reads)
    return notes


def _can_be_gathered(name: str, reads: Iterable[Reads]) -> bool:
    return any(can_be_gathered(one.others.get(name, ())) for one in reads)


def _kept(found: Mapping[str, Cached], store: VariableStore, cache: FactCache) -> list[str]:
    """What is said of facts that are kept: a line a host, or one for many."""
    if len(found) <= _MOST_LINES:
        return [f"facts of {_who(name, store)} are {origin(one)}" for name, one in found.items()]
    ages = sorted(one.age for one in found.values())
    names = ", ".join(_who(name, store) for name in found)
    between = f"{age_text(ages[0])} to {age_text(ages[-1])}"
    return [f"facts of {names} are {between} old, kept in {cache.directory}"]


def _by_play(
    lacking: Collection[str],
    playbook: Playbook,
    graph: Graph,
    store: VariableStore,
) -> dict[int, set[str]]:
    """The first play that would gather the facts of each host."""
    if not lacking:
        return {}
    everyone = [play_hosts(play, store, "", graph.expected) for play in playbook.plays]
    left, found = set(lacking), dict[int, set[str]]()
    for strand, hosts in gatherers(graph, everyone):
        here = left & set(hosts)
        if here:
            found[strand.index] = here
            left -= here
    return found


def _recall_rest(names: Iterable[str], store: VariableStore, cache: FactCache) -> list[str]:
    ages = []
    for name in sorted(names):
        kept = cache.read(name, even_old=name in store.absent)
        if kept is not None:
            store.recall_facts(name, kept.facts, origin(kept))
            ages.append(kept.age)
    if not ages:
        return []
    count = f"{len(ages)} other host" + ("" if len(ages) == 1 else "s")
    return [f"facts of {count} are up to {age_text(max(ages))} old, kept in {cache.directory}"]


def _who(name: str, store: VariableStore) -> str:
    return f"{name} (absent)" if name in store.absent else name


def _places(reads: list[Reads]) -> str:
    one = reads[0].vertex
    more = f", and {len(reads) - 1} more" if len(reads) > 1 else ""
    return f"`{one.name}` reads them ({one.span.file}:{one.span.line}{more})"


def _untold(one: Reads) -> str:
    vertex = one.vertex
    place = f"{vertex.span.file}:{vertex.span.line}"
    return (
        f"`{vertex.name}` reads variables of hosts that cannot be told before the run ({place}): "
        "of hosts that do not take part only kept facts are there"
    )
