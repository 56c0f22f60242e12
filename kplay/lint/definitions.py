"""What defines a name, at a site: every layer of precedence, and what tasks make."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from kplay.foreign.pack import facts_of
from kplay.lint import targets
from kplay.modules import catalog
from kplay.playbook.model import Block, Include, Task, lineage
from kplay.playbook.modules import ACTIONS
from kplay.playbook.values import is_template
from kplay.resolve.magic import DEFAULTS, IN_PLAY, IN_ROLE, MAGIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kplay.lint.model import Site, Survey
    from kplay.playbook.model import Node, Play
    from kplay.source import Sourced

_MAGIC = frozenset({*MAGIC, *IN_PLAY, *IN_ROLE, *DEFAULTS, "ansible_limit", "environment"})
_FACTS = frozenset({"packages", "services", "module_setup", "discovered_interpreter_python"})
_FACT_PREFIXES = ("ansible_", "getent_", "facter_", "ohai_", "template_")
_OPTIONS = frozenset({"cacheable"})


class Definition(NamedTuple):
    """One thing that gives a name a value."""

    written: Sourced | None
    """As the user wrote it; None for a result or what lint does not evaluate."""
    order: int
    """Of the site that makes it; -1 where it is there from the start."""
    place: str = ""


class Definitions:
    """Every definition of a survey, by name and by who sees it."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        self.shared: dict[str, list[Definition]] = {}
        self.plays: dict[int, dict[str, list[Definition]]] = {}
        self.opaque = bool(survey.opaque)
        """Whether some name or file is known only in a run."""
        self._take(self.shared, survey.extra)
        for table in inventory_tables(survey):
            self._take(self.shared, table)
        seen: set[tuple[int, int]] = set()
        for site in survey.sites:
            self._site(site, seen)
        for number, play in enumerate(survey.playbook.plays):
            own = self.plays.setdefault(number, {})
            self._take(own, play.variables)
            for table in vars_files(survey, play):
                self._take(own, table)
            for table in survey.included.get(number, ()):
                self._take(self.shared, table)
        self._raw()

    def of(self, site: Site, name: str) -> list[Definition]:
        """What may define a name where a site reads it."""
        found = list(self.shared.get(name, ()))
        found += self.plays.get(site.number, {}).get(name, ())
        for holder in (*lineage(site.node), site.node, *_around(site)):
            given = holder.keywords.get("vars")
            if given is not None and isinstance(given.value, dict) and name in given.value:
                found.append(Definition(given.child(name), -1))
        if name in turn_names(site):
            found.append(Definition(None, -1))
        return found

    def magic(self, name: str) -> bool:
        """Whether a name is kplay's own, or may be a fact."""
        return name in _MAGIC or name in _FACTS or name.startswith(_FACT_PREFIXES)

    # Collecting

    def _take(self, into: dict[str, list[Definition]], table: Mapping[str, Any]) -> None:
        for name, written in table.items():
            into.setdefault(str(name), []).append(Definition(written, -1))

    def _site(self, site: Site, seen: set[tuple[int, int]]) -> None:
        node = site.node
        role = node.role
        if role is not None and (site.number, id(role)) not in seen:
            seen.add((site.number, id(role)))
            own = self.plays.setdefault(site.number, {})
            for table in (role.defaults, role.variables, role.parameters):
                self._take(own, table)
        kept = False
        if isinstance(node, Task):
            # A module that is not kplay's may return facts of any name
            self.opaque = self.opaque or not _ours(node.module)
            kept = "cacheable" in node.args.value
        for name, written in made(node):
            if is_template(name):
                self.opaque = True
            span = written.key_span
            order = -1 if kept else site.order
            self.shared.setdefault(name, []).append(
                Definition(None, order, f"{span.file}:{span.line}")
            )

    def _raw(self) -> None:
        """What tasks set that no site stands for: they are out of reach, or could not be read."""
        known = {(name, one.place) for name, found in self.shared.items() for one in found}
        for document in self.survey.documents():
            for name, written in _makers(document.root):
                span = written.key_span
                if (name, f"{span.file}:{span.line}") not in known:
                    self.shared.setdefault(name, []).append(Definition(None, -1))


@cache
def _ours(module: str) -> bool:
    return catalog.find(module) is not None or module in {*ACTIONS, "copy", "template"}


def made(node: Node) -> Iterator[tuple[str, Sourced]]:
    """The names that a task gives values: its register, what set_fact sets, a module's facts."""
    if isinstance(node, Block):
        return
    given = node.keywords.get("register")
    if given is not None:
        yield str(given.value), given
    if isinstance(node, Include):
        return
    if node.module in ("set_fact", "add_host"):
        yield from _set(node)
    named = node.args.get("name") if node.module == "include_vars" else None
    if named is not None:
        yield str(named.value), named
    if node.foreign is not None and node.foreign.kind == "python":
        for name in facts_of(node.foreign):
            yield name, node.args
            yield f"ansible_{name}", node.args


def _set(node: Task) -> Iterator[tuple[str, Sourced]]:
    for name, value in node.args.items():
        if name not in _OPTIONS:
            yield str(name), value


def _makers(value: Sourced) -> Iterator[tuple[str, Sourced]]:
    if isinstance(value.value, dict):
        for name, part in value.items():
            short = str(name).rpartition(".")[2]
            if short == "register" and isinstance(part.value, str):
                yield part.value, part
            elif short == "set_fact" and isinstance(part.value, dict):
                yield from part.items()
            elif short == "vars_prompt" and isinstance(part.value, (list, dict)):
                for one in part.elements() if isinstance(part.value, list) else (part,):
                    prompt = one.get("name")
                    if prompt is not None:
                        yield str(prompt.value), prompt
            elif isinstance(part.value, (dict, list)):
                yield from _makers(part)
    elif isinstance(value.value, list):
        for part in value.elements():
            if isinstance(part.value, (dict, list)):
                yield from _makers(part)


def _around(site: Site) -> Iterable[Node]:
    for include in site.includes:
        yield include
        yield from lineage(include)


def turn_names(site: Site) -> set[str]:
    """The variables of the loops that a site stands in, its own included."""
    found: set[str] = set()
    for node in (site.node, *site.includes):
        if not any(name == "loop" or name.startswith("with_") for name in node.keywords):
            continue
        control = node.keywords.get("loop_control")
        plain = control.value if control is not None and isinstance(control.value, dict) else {}
        found.add(str(plain.get("loop_var", "item")))
        if plain.get("index_var"):
            found.add(str(plain["index_var"]))
    return found


def inventory_tables(survey: Survey) -> Iterator[Mapping[str, Sourced]]:
    """The tables of every group and host, or of every file of theirs."""
    yield from survey.beside
    if survey.inventory is not None:
        yield from survey.inventory.tables()


def vars_files(survey: Survey, play: Play) -> Iterator[Mapping[str, Sourced]]:
    """The tables of a play's vars_files, as far as their names can be told."""
    from kplay.errors import InputError

    for given in play.vars_files:
        for one in given.elements() if isinstance(given.value, list) else (given,):
            names = [str(one.value)]
            if is_template(one.value):
                pattern = targets.pattern(str(one.value))
                folder = play.directory
                names = []
                if folder is not None and pattern:
                    names = [str(path.absolute()) for path in sorted(folder.glob(pattern))]
            for name in names:
                path = survey.loader.find_file("vars", name, None, play)
                if path is not None and path.is_file():
                    try:
                        yield survey.loader.load_variables(path)
                    except InputError:
                        continue
