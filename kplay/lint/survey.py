"""Walks a playbook as a run would, into every include whose name can be told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kplay.errors import InputError
from kplay.lint import targets
from kplay.lint.model import Noted, Site, Survey, beside
from kplay.playbook.model import Block, Include, Task
from kplay.playbook.scope import decides, guarded
from kplay.playbook.values import is_template

if TYPE_CHECKING:
    from pathlib import Path

    from kplay.playbook.model import Node, Play
    from kplay.source import Sourced

_ENDINGS = frozenset({"end_play", "end_host", "end_batch", "end_role"})
_DEEPEST = 12
_FALSE = (None, False, "no", "false", "False", "")


@dataclass(frozen=True, slots=True)
class _Around:
    certain: bool
    includes: tuple[Include, ...] = ()
    handler: bool = False
    way: tuple[str, ...] = ()
    """Files and roles on the way, against includes without an end."""


class Surveyor:
    """Fills a survey with sites; faults of what is included go to ``noted``."""

    def __init__(self, survey: Survey, noted: Noted) -> None:
        self.survey = survey
        self.noted = noted
        self.number = 0
        self.ended = False
        self.seen: set[tuple[object, ...]] = set()
        self.sink = Noted()
        survey.loader.late_faults = lambda: self.sink

    def walk(self) -> None:
        """Every play, its handlers last."""
        for number, play in enumerate(self.survey.playbook.plays):
            self.number, self.ended = number, False
            some = self.survey.inventory is None or bool(self.survey.hosts.get(number))
            around = _Around(some and not guarded(play.keywords))
            for _, nodes in play.sections():
                self.nodes(play, nodes, around)
            self.nodes(play, play.handlers, replace(around, certain=False, handler=True))

    def nodes(self, play: Play, nodes: list[Node], around: _Around) -> None:
        """The nodes of one list, in order."""
        for node in nodes:
            certain = around.certain and not self.ended and not _forgives(node)
            runs = certain and _surely(node)
            sites = self.survey.sites
            site = Site(
                node, play, self.number, len(sites), certain, runs, around.includes, around.handler
            )
            sites.append(site)
            inner = replace(around, certain=runs)
            if isinstance(node, Block):
                caught = replace(inner, certain=runs and not node.rescue)
                self.nodes(play, node.tasks, caught)
                self.nodes(play, node.rescue, replace(inner, certain=False))
                self.nodes(play, node.always, inner)
            elif isinstance(node, Include):
                self.include(site, node, inner)
            elif node.module == "meta" and str(node.args.value.get("_raw")) in _ENDINGS:
                self.ended = True
            elif node.module == "include_vars":
                self.variables(site, node)

    def include(self, site: Site, node: Include, around: _Around) -> None:
        """What an include brings in, as far as its name can be told."""
        given = node.args.get("file") or node.args.get("_raw")
        if node.kind == "role":
            given = node.args.get("name") or node.args.get("role")
        if given is None:
            return
        names, complete = targets.names(site, given)
        exact = complete and len(names) == 1
        if not complete:
            self.survey.opaque.setdefault(site.number, given.span)
        if node.kind == "tasks" and not complete:
            names += targets.alike(self.survey.loader, site, given, "tasks")
        for name in names:
            certain = around.certain and exact
            self._expand(site, node, name, replace(around, certain=certain), exact=complete)

    def _expand(
        self, site: Site, node: Include, name: str, around: _Around, *, exact: bool
    ) -> None:
        loader, play = self.survey.loader, site.play
        if node.kind == "tasks":
            found = loader.find_file("tasks", name, node.role, play, beside=beside(node))
            if found is None:
                if exact:
                    self._missing(site, node, name)
                return
            way: tuple[str, ...] = (*around.way, str(found))
        else:
            parts = [str(node.args.value.get(f"{one}_from", "main")) for one in ("tasks", "vars")]
            if any(map(is_template, parts)):
                self.survey.opaque.setdefault(site.number, node.span)
                return
            way = (*around.way, f"{name}:{parts[0]}")
        if way[-1] in around.way or len(way) > _DEEPEST:
            return
        role = node.role.path if node.role is not None and node.kind == "tasks" else None
        key = (site.number, way[-1], role, around.certain, around.handler, _loops(around, node))
        if key in self.seen:
            return
        self.seen.add(key)
        before, self.sink = self.sink, Noted()
        try:
            block = loader.expand(node, play, name)
        except InputError as error:
            self.sink.absorb(error)
            block = None
        faults, self.sink = self.sink, before
        for fault in faults:
            certain = around.certain and fault.severity == "error"
            self.noted.append(replace(fault, severity="error" if certain else "warning"))
        if block is not None:
            inner = replace(around, includes=(*around.includes, node), way=way)
            self.nodes(play, [block], inner)
            self.nodes(play, block.handlers, replace(inner, certain=False, handler=True))

    def _missing(self, site: Site, node: Include, name: str) -> None:
        faults = Noted()
        given = node.args.get("file") or node.args
        self.survey.loader.missing(
            "tasks",
            targets.named(given, name),
            faults,
            role=node.role,
            play=site.play,
            beside=beside(node),
        )
        for fault in faults:
            self.noted.append(replace(fault, severity="error" if site.runs else "warning"))

    def variables(self, site: Site, node: Task) -> None:
        """The tables that an include_vars may read."""
        loader = self.survey.loader
        given = node.args.get("file") or node.args.get("_raw")
        if given is None or "name" in node.args.value:
            if "dir" in node.args.value:
                self._folder(site, node)
            return
        names, complete = targets.names(site, given)
        if not complete:
            self.survey.opaque.setdefault(site.number, given.span)
            names += targets.alike(loader, site, given, "vars")
        for name in names:
            path = loader.find_file("vars", name, node.role, site.play, beside=beside(node))
            if path is not None:
                self._table(site.number, path)

    def _folder(self, site: Site, node: Task) -> None:
        given = node.args.child("dir")
        names, complete = targets.names(site, given)
        if not complete:
            self.survey.opaque.setdefault(site.number, given.span)
        for name in names:
            path = self.survey.loader.find_file(
                "vars", name, node.role, site.play, beside=beside(node)
            )
            for file in sorted(path.rglob("*")) if path is not None and path.is_dir() else ():
                if file.suffix in (".yml", ".yaml", ".json"):
                    self._table(site.number, file)

    def _table(self, number: int, path: Path) -> None:
        try:
            table: dict[str, Sourced] = self.survey.loader.load_variables(path)
        except InputError:
            return
        self.survey.included.setdefault(number, []).append(table)


def _forgives(node: Node) -> bool:
    given = node.keywords.get("ignore_errors")
    return given is not None and given.value not in _FALSE


def _surely(node: Node) -> bool:
    """Whether a node runs once it is reached."""
    words = {
        name: value
        for name, value in node.keywords.items()
        if not (decides(name) and targets.literal(value.value) and name != "when")
    }
    return not guarded(words)


def _loops(around: _Around, node: Include) -> tuple[str, ...]:
    found: set[str] = set()
    for one in (*around.includes, node):
        if any(name == "loop" or name.startswith("with_") for name in one.keywords):
            control = one.keywords.get("loop_control")
            plain = control.value if control is not None else None
            found.add(str(plain.get("loop_var", "item")) if isinstance(plain, dict) else "item")
    return tuple(sorted(found))
