"""What the walk knows beside the graph: variables, files, options, agents, earlier records."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError, UnreachableError
from kplay.foreign.groups import PREFIX, members
from kplay.graph.tags import TagChoice
from kplay.modules import catalog
from kplay.modules.api import UNKNOWN
from kplay.playbook.model import Task, gathered
from kplay.playbook.values import entries_of
from kplay.resolve.magic import PlayContext
from kplay.resolve.unknown import Unknown
from kplay.walk.dispatch import is_action
from kplay.walk.settings import BecomeDefaults
from kplay.walk.statistics import Statistics
from kplay.walk.ways import ground

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kplay.errors import KplayError
    from kplay.graph.model import PlayStrand, Vertex
    from kplay.inventory.model import Inventory
    from kplay.playbook.load import Loader
    from kplay.playbook.model import Block, Include, Node, Play
    from kplay.resolve.fact_cache import FactCache
    from kplay.resolve.scope import Scope
    from kplay.resolve.variables import VariableStore
    from kplay.walk.agreed import Agreed
    from kplay.walk.bind import Bound
    from kplay.walk.events import StepEnded
    from kplay.walk.fleet import Fleet, Post
    from kplay.walk.gates import PlayRun
    from kplay.walk.ways import Ways

_ABSENT = object()


@dataclass(eq=False)
class World:
    """One run's surroundings; the walker asks it, and tells it what it learns."""

    store: VariableStore
    loader: Loader
    make_fleet: Callable[[Post], Fleet]
    planning: bool
    become: BecomeDefaults = field(default_factory=BecomeDefaults)
    diff: bool = False
    tags: TagChoice = field(default_factory=TagChoice)
    forks: int = 50
    verbosity: int = 0
    limit: str = ""
    config_file: str | None = None
    user: str | None = None
    probes_author: bool = False
    records: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """Results of an earlier, broken run of the same playbook by step id."""
    before: Mapping[str, StepEnded] = field(default_factory=dict)
    """Changes that this run told of before it broke, by step id."""
    secrets: set[str] = field(default_factory=set)
    ask: Callable[[str], str] | None = None
    """Asked before each task, by its name: ``y``, ``n``, or ``c`` to be asked no more."""
    warn: Callable[[str], None] = lambda _: None
    """Tells the reader what does no harm to the run."""
    keep: Callable[..., None] | None = None
    """(step, raw result, no_log=) -> None: makes a raw result last, before its slot goes."""
    reload: Callable[[], Inventory] | None = None
    """Reads the inventory's sources anew."""
    grown: list[Callable[[Inventory], None]] = field(default_factory=list)
    """What tasks have added to the inventory, in order."""
    facts_kept: FactCache | None = None
    """Where facts are kept for later runs; a plan keeps none."""
    smart: bool = False
    """Whether plays pass over hosts whose facts are there (``gathering = smart``)."""
    agreed: Agreed | None = None
    """What the plan file says that is run, if one is."""
    errors: list[KplayError] = field(default_factory=list)
    statistics: Statistics = field(default_factory=Statistics)
    """What ``set_stats`` counts."""
    ahead: dict[str, str] = field(default_factory=dict)
    """The last step by host that a plan only planned: later commands do not see what it makes."""
    unforeseen: set[str] = field(default_factory=set)
    """Hosts on which planned steps may write files that they do not tell of."""
    ways: Ways = field(init=False)
    """The ways to hosts; the walker makes them."""
    _contexts: dict[int, PlayContext] = field(default_factory=dict)
    _runs: dict[int, PlayRun] = field(default_factory=dict)
    _lost: Callable[[str], bool] = field(default=lambda _: False)
    _effects: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)
    _answers: dict[str, bool] = field(default_factory=dict)
    _told: dict[tuple[str, str], int] = field(default_factory=dict)

    # -- variables ----------------------------------------------------------------------------

    def scope(
        self, vertex: Vertex, node: Node, host: str, extra: Mapping[str, Any] | None = None
    ) -> Scope:
        """The variables of a task on a host."""
        context = self._context(vertex.play)
        return self.store.scope(vertex.play.play, host, node, extra, context)

    def extended(self, scope: Scope, extra: Mapping[str, Any]) -> Scope:
        """The same variables and some more."""
        if not extra:
            return scope
        return self.store.scope(
            scope.play, scope.host, scope.node, {**scope.extra, **extra}, scope.context
        )

    def _context(self, strand: PlayStrand) -> PlayContext:
        context = self._contexts.get(strand.index)
        if context is None:
            index = strand.index
            listed = self._listed(strand)
            context = PlayContext(
                play_name=strand.name,
                check_mode=self.planning,
                diff_mode=self.diff,
                run_tags=sorted(self.tags.only) or ["all"],
                skip_tags=sorted(self.tags.skip),
                forks=self.forks,
                verbosity=self.verbosity,
                limit=self.limit or None,
                config_file=self.config_file,
                user=self.user,
                play_hosts=lambda: self._left(strand, listed),
                play_hosts_all=lambda: list(listed),
                play_batch=lambda: self._left(strand, self._batch(index)),
                run_programs=not self.planning,
            )
            self._contexts[strand.index] = context
        return context

    def _listed(self, strand: PlayStrand) -> list[str]:
        """The hosts as the inventory lists them, whatever ``order`` they run in."""
        given = strand.play.keywords.get("order")
        if given is None or given.value == "inventory":
            return list(strand.hosts)
        rank = {name: number for number, name in enumerate(self.store.inventory.hosts)}
        return sorted(strand.hosts, key=lambda name: rank.get(name, len(rank)))

    def _left(self, strand: PlayStrand, hosts: list[str]) -> list[str]:
        run = self._runs.get(strand.index)
        out = run.out if run is not None else ()
        return [name for name in hosts if not self._lost(name) and name not in out]

    def _batch(self, index: int) -> list[str]:
        return self._runs[index].hosts if index in self._runs else []

    def begin_play(self, run: PlayRun) -> None:
        """A play or a batch of it begins."""
        self._runs[run.strand.index] = run

    def watch_hosts(self, lost: Callable[[str], bool]) -> None:
        """How to tell whether a host is out of the run."""
        self._lost = lost

    def condition(self, vertex: Vertex, node: Node, scope: Scope) -> tuple[bool | Unknown, str]:
        """Whether every ``when`` around a task holds, and the one that does not."""
        causes: list[str] = []
        for given in gathered(vertex.play.play, node, "when"):
            entries = list(given.elements()) if isinstance(given.value, list) else [given]
            for entry in entries:
                verdict = scope.evaluate(entry)
                if isinstance(verdict, Unknown):
                    causes += verdict.causes
                elif not verdict:
                    return False, str(entry.value)
        return (Unknown(*causes) if causes else True), ""

    def module_defaults(self, vertex: Vertex, task: Task, scope: Scope) -> dict[str, Any]:
        """Arguments that ``module_defaults`` gives to a task's module."""
        found: dict[str, Any] = {}
        for given in gathered(vertex.play.play, task, "module_defaults"):
            for name, args in entries_of(given):
                if self._speaks_of(str(name), task, vertex.play.play) and isinstance(
                    args.value, dict
                ):
                    # The innermost entry of a module stands alone
                    found = {key: scope.template(value) for key, value in args.items()}
        return found

    def _speaks_of(self, name: str, task: Task, play: Play) -> bool:
        """Whether a key of ``module_defaults`` names a task's module, or a group that it is in."""
        if task.foreign is not None and name in task.foreign.names:
            return True
        if not name.startswith(PREFIX):
            return task.foreign is None and catalog.short(name) == task.module
        found = members(name, self.loader.homes(play.directory))
        if task.foreign is not None:
            return task.foreign.full in found
        return task.module in map(catalog.short, found)

    def register_pending(self, host: str, name: str, task: str) -> tuple[bool, object]:
        """Mark a registered name as not known yet; gives what it was."""
        table = self.store.settled[host]
        before = table.get(name, _ABSENT)
        self.store.register(host, name, Unknown(f"`{task}` on {host}"))
        return before is not _ABSENT, before

    def unregister(self, host: str, name: str, before: object, *, had: bool) -> None:
        """Put back what a dropped step's registered name held."""
        if had:
            self.store.settled[host][name] = before
        else:
            self.store.settled[host].pop(name, None)

    # -- facts --------------------------------------------------------------------------------

    def take_facts(self, host: str, values: Mapping[str, Any], *, cacheable: bool) -> None:
        """What set_fact gives."""
        self.store.set_facts(host, values, cacheable)
        if cacheable:
            self._keep_facts(host)

    def learn_facts(self, host: str, facts: Mapping[str, Any], *, gathered: bool) -> None:
        """What a module found out; ``gathered`` when a play asked for all."""
        self.store.add_facts(host, facts)
        if gathered:
            self.store.gathered.add(host)
        self._keep_facts(host)

    def knows_facts(self, host: str) -> bool:
        """Whether a play need not gather a host's facts again."""
        return self.smart and host in self.store.gathered

    def forget_facts(self, host: str) -> None:
        """Drop a host's facts, those kept for later runs too."""
        self.store.forget_facts(host)
        if self.facts_kept is not None and not self.planning:
            self.facts_kept.forget(host)

    def _keep_facts(self, host: str) -> None:
        if self.facts_kept is None or self.planning:
            return
        try:
            self.facts_kept.write(host, self.store.plain_facts(host))
        except OSError as error:
            where = self.facts_kept.directory
            self.warn(f"facts are not kept: cannot write to {where}: {error.strerror}")
            self.facts_kept = None

    # -- files --------------------------------------------------------------------------------

    def find_file(self, kind: str, name: str, task: Task, play: Play) -> Path:
        """A file of the playbook; raises InputError that lists where it was sought."""
        path = Path(name).expanduser()
        if path.is_absolute() and path.exists():
            return path
        beside = Path(task.span.file).parent
        found = self.loader.find_file(kind, name, task.role, play, beside=beside)
        if found is not None:
            return found
        sought = self.loader.search_paths(kind, name, task.role, play, beside=beside)
        given = task.args.get("src") or task.args.get("file") or task.args.get("_raw")
        span = given.span if given is not None else task.span
        notes = tuple(f"sought {one}" for one in sought)
        message = f"no file `{name}`" + ("" if path.is_absolute() else " in this playbook")
        raise InputError(Diagnostic("missing-file", message, span, notes=notes))

    def load_include(
        self, node: Include, args: dict[str, Any], block: Block, play: Play
    ) -> list[Node]:
        """Fill a block with what an include brings in; gives the handlers that come with it."""
        target = str(args.get("file") or args.get("_raw") or args.get("name") or "")
        inner = self.loader.expand(node, play, target, args)
        inner.parent = block
        block.tasks.append(inner)
        self.store.join(play, [inner])
        if inner.role is not None and inner.role.public and node.kind == "role":
            self.store.expose(play, inner.role)
        return inner.handlers

    # -- hosts --------------------------------------------------------------------------------

    def refuse_absent(self, host: str) -> None:
        """Raise UnreachableError for a host that is declared absent, so that none connects."""
        if host in self.store.absent:
            raise UnreachableError(f"{host} is declared absent, so nothing runs on it")

    def grow(self, additions: Iterable[Callable[[Inventory], None]]) -> None:
        """Add to the inventory, now and whenever it is read anew."""
        for grow in additions:
            grow(self.store.inventory)
            self.grown.append(grow)
        self.store.inventory_changed()

    def refresh_inventory(self) -> None:
        """Read the sources anew; hosts and groups that tasks have added stay.

        Raises:
            InputError: a source is wrong now.
        """
        if self.reload is None:
            return
        self.store.inventory.become(self.reload())
        for grow in self.grown:
            grow(self.store.inventory)
        self.store.inventory_changed()

    def fleet(self, post: Post) -> Fleet:
        """The agents of this run."""
        return self.make_fleet(post)

    def foreseen(self, bound: Bound, step: dict[str, Any]) -> dict[str, Any]:
        """Tell a step what other agents of the same host foresaw in this plan."""
        if not self.planning:
            return step
        user = _user(step)
        place = ground(bound.agent)
        user = f"{bound.agent} {user}"
        known = self._effects.get(place, [])
        told = self._told.get((place, user), 0)
        step["effects"] = [effect for origin, effect in known[told:] if origin != user]
        self._told[place, user] = len(known)
        return step

    def received(self, bound: Bound, step: str, raw: dict[str, Any]) -> dict[str, Any]:
        """Take in a raw result: remember effects, and what an earlier run had changed."""
        if raw.get("effects"):
            become = bound.items[0].settings.become
            user = _user({"become": become})
            user = f"{bound.agent} {user}"
            self._effects.setdefault(ground(bound.agent), []).extend(
                (user, effect) for effect in raw["effects"]
            )
        recorded = self.records.get(step)
        earlier = False
        if recorded is not None and recorded.get("changed") and not raw.get("failed"):
            earlier = not raw.get("changed")
            raw = {**raw, "changed": True}
            raw["action"] = recorded["action"] if raw.get("action") == "none" else raw["action"]
        if self.keep is not None:
            settings = [item.settings for item in bound.items]
            hidden = any(one.no_log or (self.diff and one.diff is False) for one in settings)
            self.keep(step, raw, no_log=hidden)
        return {**raw, "earlier": True} if earlier else raw

    def will_write(self, path: str) -> None:
        """Tell later steps of a plan of a file that kplay itself will write on the controller."""
        effect = ["path", str(Path(path).absolute()), {"state": "file", "content": UNKNOWN}]
        self._effects.setdefault(ground("localhost"), []).append(("", effect))

    def recorded_action(self, bound: Bound, step: str) -> dict[str, Any] | None:
        """The result of an action that an earlier, broken run had already ended."""
        if self.planning or step not in self.records or not is_action(bound):
            return None
        recorded = self.records[step]
        return None if recorded.get("failed") else {**recorded, "earlier": True}

    def wanted(self, vertex: Vertex) -> bool:
        """Whether the user wants a task run; asked once for all hosts."""
        steers = isinstance(vertex.node, Task) and vertex.node.module == "meta"
        if vertex.node is None or steers:
            return True
        if vertex.key not in self._answers and self.ask is not None:
            answer = self.ask(vertex.name)
            self._answers[vertex.key] = answer != "n"
            if answer == "c":
                self.ask = None
        return self._answers.get(vertex.key, True)

    def note_error(self, error: KplayError) -> None:
        """Remember an error for the exit code."""
        self.errors.append(error)


def _user(step: Mapping[str, Any]) -> str:
    become = step.get("become")
    return str(become["user"]) if become else ""
