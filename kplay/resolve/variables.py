"""The variables of every host: what the user wrote and what the run has made."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.resolve import records, statics
from kplay.resolve.fact_cache import GATHERED
from kplay.resolve.magic import PlayContext
from kplay.resolve.precedence import Layer, Table, merged
from kplay.resolve.scope import Scope
from kplay.vault.keyring import Keyring

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kplay.inventory.model import Host, Inventory
    from kplay.playbook.model import Node, Play, Role
    from kplay.resolve.statics import Bands, Layers
    from kplay.source import Sourced

_ALL = (Layer.INVENTORY_ALL, Layer.GROUP_VARS_ALL, Layer.PLAYBOOK_GROUP_VARS_ALL)
_GROUPS = (Layer.INVENTORY_GROUPS, Layer.GROUP_VARS, Layer.PLAYBOOK_GROUP_VARS)
_HOST = (Layer.INVENTORY_HOST, Layer.HOST_VARS, Layer.PLAYBOOK_HOST_VARS)


class VariableStore:
    """Variables by host, with the layers that hosts share.

    Args:
        inventory: hosts and groups.
        playbook_dir: folder of the playbook.
        extra_vars: from the command line; they win over everything.
        vault: opens vaulted values and files; without it they are refused when they are read.
    """

    def __init__(
        self,
        inventory: Inventory,
        playbook_dir: Path | None = None,
        extra_vars: Mapping[str, Sourced] | None = None,
        *,
        vault: Keyring | None = None,
    ) -> None:
        self.inventory: Inventory = inventory
        self.playbook_dir = Path(playbook_dir or ".").resolve()
        self.extra_vars: Table = dict(extra_vars or {})
        self.vault = vault or Keyring()
        self.lenient_conditions = False
        """Whether conditions may give other values than true and false."""
        self.facts: defaultdict[str, Table] = defaultdict(dict)
        self.settled: defaultdict[str, Table] = defaultdict(dict)
        self.included: defaultdict[str, Table] = defaultdict(dict)
        self.fact_views: dict[str, dict[str, Any]] = {}
        self.absent: set[str] = set()
        """Hosts that are declared gone: no play runs on them, no connection is tried."""
        self.fact_origins: dict[str, str] = {}
        """Where facts of an earlier run were kept, and their age, by host."""
        self.gathered: set[str] = set()
        """Hosts whose facts a play, of this run or an earlier one, has gathered."""
        self._inventory_tables: dict[str, Table] = {}
        self._groups: dict[str, list[str]] | None = None
        self._prompts: dict[int, tuple[Play, Table]] = {}
        self._exposed: defaultdict[int, list[Role]] = defaultdict(list)
        self._joined: dict[int, list[Role]] = {}
        self._shown: dict[int, tuple[Play, list[Role]]] = {}
        self._role_bands: dict[tuple[int, int], tuple[object, Bands]] = {}
        self._node_bands: dict[tuple[int, int], tuple[object, Bands]] = {}
        self._files: dict[tuple[int, str], Table] = {}

    # What a run makes

    def add_facts(self, host: str, facts: Mapping[str, object]) -> None:
        """Take facts a module returned; both ``os_family`` and ``ansible_os_family`` are read."""
        table = self.facts[host]
        view = self.fact_views.setdefault(host, {})
        for name, value in facts.items():
            if name == "ansible_facts":
                continue
            table[name] = value
            if name.startswith("ansible_"):
                view[name if name == "ansible_local" else name.removeprefix("ansible_")] = value
                if name == "ansible_local":
                    view["local"] = value
            else:
                table[f"ansible_{name}"] = value
                view[name] = value

    def plain_facts(self, host: str) -> dict[str, object]:
        """A host's facts under the names that modules and set_fact gave them, for a cache."""
        table = self.facts.get(host, {})
        facts = {
            name: value
            for name, value in table.items()
            if name.removeprefix("ansible_") == name or name.removeprefix("ansible_") not in table
        }
        return {**facts, GATHERED: True} if host in self.gathered else facts

    def recall_facts(self, host: str, facts: Mapping[str, object], origin: str = "") -> None:
        """Take facts that an earlier run kept; ``origin`` says where and how old."""
        self.fact_origins[host] = origin
        if facts.get(GATHERED):
            self.gathered.add(host)
        self.add_facts(host, {name: one for name, one in facts.items() if name != GATHERED})

    def forget_facts(self, host: str) -> None:
        """Drop a host's facts."""
        self.facts.pop(host, None)
        self.fact_views.pop(host, None)
        self.gathered.discard(host)

    def set_facts(self, host: str, values: Mapping[str, object], cacheable: bool = False) -> None:
        """Take what set_fact gives; values are final, never templates."""
        self.settled[host].update(values)
        if cacheable:
            self.add_facts(host, values)

    def register(self, host: str, name: str, result: object) -> None:
        """Take a step's result under the name that the task registers."""
        self.settled[host][name] = result

    def include_vars(self, host: str, values: Mapping[str, Sourced | object]) -> None:
        """Take what include_vars read; Sourced values are templates."""
        self.included[host].update(values)

    def prompt(self, play: Play, answers: Mapping[str, object]) -> None:
        """Take the answers to a play's vars_prompt."""
        self._prompts[id(play)] = (play, dict(answers))
        self._forget_static()

    def expose(self, play: Play, role: Role) -> None:
        """Show a role's defaults and vars to the rest of the play (include_role, public)."""
        if all(one is not role for one in self._exposed[id(play)]):
            self._exposed[id(play)].append(role)
            self._forget_static()

    def join(self, play: Play, nodes: Iterable[Node]) -> None:
        """Count the roles in what an include brought among those of the play."""
        self.roles_of(play).extend(statics.nested_roles(nodes))

    def roles_of(self, play: Play) -> list[Role]:
        """Every use of a role in a play so far, those of includes too, in Ansible's order."""
        if id(play) not in self._joined:
            self._joined[id(play)] = statics.named_roles(play)
        return self._joined[id(play)]

    def inventory_changed(self) -> None:
        """Read the inventory anew, after add_host, group_by or refresh_inventory."""
        self._inventory_tables.clear()
        self._groups = None

    def _forget_static(self) -> None:
        self._role_bands.clear()
        self._node_bands.clear()
        self._shown.clear()

    # Reading

    def scope(
        self,
        play: Play | None,
        host: str,
        node: Node | None = None,
        extra: Mapping[str, object] | None = None,
        context: PlayContext | None = None,
    ) -> Scope:
        """The variables that a task sees on a host; costs microseconds.

        Args:
            play: the play, or None for what hostvars shows of a host.
            host: its name in the inventory.
            node: the task, include or block.
            extra: loop variables and the like; they win, and are final unless Sourced.
            context: what the play itself knows.
        """
        return Scope(self, play, host, node, extra or {}, context or PlayContext())

    @property
    def groups(self) -> dict[str, list[str]]:
        """Every group's hosts, in inventory order."""
        if self._groups is None:
            self._groups = {name: self.inventory.members(name) for name in self.inventory.groups}
        return self._groups

    def shown_roles(self, play: Play) -> list[Role]:
        """Roles whose defaults and vars the whole play sees, in order."""
        kept = self._shown.get(id(play))
        if kept is None:
            kept = (play, [*statics.play_roles(play), *self._exposed[id(play)]])
            self._shown[id(play)] = kept
        return kept[1]

    def static_layers(self, play: Play | None, node: Node | None) -> Layers:
        """The layers that no host changes."""
        if play is None:
            return []
        role = node.role if node is not None else None
        layers = statics.role_layers(play, role, self.shown_roles(play))
        layers.append((Layer.PLAY_PROMPTS, self._prompts.get(id(play), (play, {}))[1]))
        return layers + (statics.task_layers(node) if node is not None else [])

    def bands(self, play: Play | None, node: Node | None) -> Bands:
        """The static layers merged, kept for the next host."""
        if play is None:
            return statics.NO_BANDS
        key = (id(play), id(node))
        kept = self._node_bands.get(key)
        if kept is None:
            role = node.role if node is not None else None
            base = self._role_bands.get((id(play), id(role)))
            if base is None:
                layers = statics.role_layers(play, role, self.shown_roles(play))
                layers.append((Layer.PLAY_PROMPTS, self._prompts.get(id(play), (play, {}))[1]))
                base = self._role_bands[id(play), id(role)] = (
                    (play, role),
                    statics.role_bands(layers),
                )
            own = statics.task_layers(node) if node is not None else []
            kept = self._node_bands[key] = ((play, node), statics.task_bands(base[1], own))
        return kept[1]

    def known(self, host: str) -> Host | None:
        """The host as the inventory names it, or None."""
        try:
            return self.inventory.host(host)
        except KeyError:
            return None

    def inventory_layers(self, host: str) -> Layers:
        """What the inventory and the files beside it and the playbook say of a host."""
        known = self.known(host)
        names = list(known.groups) if known is not None else ["all"]
        if "all" not in names:
            names.insert(0, "all")
        layers: Layers = []
        for name in names:
            group = self.inventory.groups.get(name)
            if group is None:
                continue
            ranks = _ALL if name == "all" else _GROUPS
            tables = (group.variables, group.file_variables, group.playbook_variables)
            layers += [(rank, dict(table)) for rank, table in zip(ranks, tables, strict=True)]
        if known is not None:
            own = (known.variables, known.file_variables, known.playbook_variables)
            layers += [(rank, dict(table)) for rank, table in zip(_HOST, own, strict=True)]
        return layers

    def inventory_table(self, host: str) -> Table:
        """The inventory's layers merged, kept until the inventory changes."""
        kept = self._inventory_tables.get(host)
        if kept is None:
            kept = self._inventory_tables[host] = merged(self.inventory_layers(host))
        return kept

    def vars_files(self, play: Play | None, scope: Scope) -> Table:
        """The variables of a play's vars_files, read once per set of file names."""
        if play is None or not play.vars_files:
            return statics.EMPTY
        from kplay.resolve.vars_files import read

        return read(self, play, scope, self._files)

    # Resuming

    def snapshot(self) -> dict[str, Any]:
        """Facts, set facts, results and include_vars as JSON-able data."""
        return records.pack(self.facts, self.settled, self.included)

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take back what ``snapshot`` gave."""
        for host, facts in data.get("facts", {}).items():
            self.add_facts(host, records.unpack(facts))
        for host, values in data.get("settled", {}).items():
            self.settled[host].update(records.unpack(values))
        for host, values in data.get("included", {}).items():
            self.included[host].update(records.unpack_written(values))
