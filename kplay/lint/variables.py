"""Rules on variables: names that nothing defines where a task, a template or a variable reads them.

A read is followed into the definition that it renders, so that the fault is shown where it is
written: in a role's defaults, in group_vars, in a template file.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from kplay.lint import places
from kplay.lint.definitions import Definition, Definitions
from kplay.lint.model import Noted, Site, Survey, where
from kplay.lint.reading import Reading, read
from kplay.playbook.model import gathered
from kplay.playbook.way import way_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.source import Sourced, Span

_DEEPEST = 20
_MADE_UP = ("<kplay>", "<-e>")


class _Reach(NamedTuple):
    """A text that is rendered at a site, and how surely."""

    site: Site
    certain: bool
    tested: frozenset[str]
    through: tuple[str, ...] = ()
    """The variables that led to it, each with its place."""


def check(survey: Survey, noted: Noted) -> None:
    """Note every undefined variable."""
    checker = _Checker(survey, noted)
    for site in survey.sites:
        checker.site(site)
    if survey.strict:
        _unused(survey, noted)


class _Checker:
    def __init__(self, survey: Survey, noted: Noted) -> None:
        self.survey = survey
        self.noted = noted
        self.definitions = Definitions(survey)
        self.names: set[str] | None = None
        self.done: set[tuple[object, ...]] = set()
        self.elsewhere: dict[str, str] = {}
        self.partial = survey.inventory is None or survey.made_up
        """Whether what defines a name may be nowhere in sight, by right."""
        self.asserted = frozenset(_asserted(survey))

    def site(self, site: Site) -> None:
        tested = self._tested(site)
        for place in places.of(self.survey, site):
            self.text(place.value, place.reading, _Reach(site, place.certain, tested))

    def _tested(self, site: Site) -> frozenset[str]:
        """Names that some condition on the way to a site asks about."""
        found: set[str] = set()
        for node in (*site.includes, site.node):
            for given in gathered(site.play, node, "when"):
                for leaf in places.leaves(given):
                    found |= read(str(leaf.value), bare=True).tested
        return frozenset(found)

    def text(self, value: Sourced | Span, reading: Reading, reach: _Reach) -> None:
        for use in reading.uses:
            if use.name in reach.tested or self.definitions.magic(use.name):
                continue
            certain = reach.certain and use.certain
            found = self.definitions.of(reach.site, use.name)
            if not found:
                self.undefined(use.name, places.span(value, use.line, use.name), reach, certain)
            elif all(one.order > reach.site.order for one in found):
                if certain and not reach.site.handler:
                    self.early(use.name, places.span(value, use.line, use.name), reach, found)
            else:
                self.follow(use.name, found, reach, certain)

    def follow(self, name: str, found: list[Definition], reach: _Reach, certain: bool) -> None:
        """Into the templates of what a read renders."""
        distinct = {
            (id(one.written.document), one.written.path): one.written
            for one in found
            if one.written is not None
        }
        alone = len(distinct) == 1 and all(one.written is not None for one in found)
        if len(reach.through) >= _DEEPEST:
            return
        for key, written in distinct.items():
            text = isinstance(written.value, str)
            sure = certain and alone and text
            mark = (key, reach.site.number, id(reach.site.node.role), sure, reach.tested)
            if mark in self.done:
                continue
            self.done.add(mark)
            span = written.span
            inner = reach._replace(
                certain=sure, through=(*reach.through, f"`{name}` at {span.file}:{span.line}")
            )
            for leaf in places.leaves(written):
                self.text(leaf, read(leaf.value), inner)

    def undefined(self, name: str, span: Span, reach: _Reach, certain: bool) -> None:
        site = reach.site
        if name not in self.elsewhere:
            self.elsewhere[name] = self.survey.project.definition(name)
        notes = [f"rendered for {one}" for one in reach.through[::-1]]
        if reach.through or span.file != site.node.span.file:
            notes.append(f"read by {where(site.node)}")
        notes += way_to(site.node)
        if self.elsewhere[name]:
            notes.append(f"out of sight from here: {self.elsewhere[name]}")
        opaque = self.survey.opaque.get(site.number)
        if opaque is not None:
            notes.append(f"what {opaque.file}:{opaque.line} reads is known only in a run")
        if self.partial:
            notes.append(
                "a play that uses the role may define it"
                if self.survey.made_up
                else "no inventory was given, which may define it (-i)"
            )
        unsure = bool(self.elsewhere[name]) or opaque is not None or self.definitions.opaque
        unsure = unsure or self.survey.incomplete or self.partial
        certain = certain and not unsure
        if not certain and self._expected(name):
            return
        self.noted.report(
            "undefined-variable" if certain else "possibly-undefined",
            f"nothing defines `{name}`" + ("" if certain else " where this may be read"),
            span,
            certain=certain,
            help=self._near(name),
            notes=notes,
        )

    def _expected(self, name: str) -> bool:
        """Whether somebody outside is expected to define a name, or it may come from there."""
        if name in self.asserted or self.survey.incomplete:
            return True
        return self.partial and bool(self.elsewhere[name])

    def early(self, name: str, span: Span, reach: _Reach, found: list[Definition]) -> None:
        site = reach.site
        if self.survey.opaque.get(site.number) is not None or self.definitions.opaque:
            return
        notes = [f"rendered for {one}" for one in reach.through[::-1]]
        if notes or span.file != site.node.span.file:
            notes.append(f"read by {where(site.node)}")
        notes += way_to(site.node)
        first = min(found, key=lambda one: one.order)
        self.noted.report(
            "used-before-set",
            f"`{name}` is set only further down",
            span,
            certain=True,
            notes=(*notes, f"set at {first.place}"),
        )

    def _near(self, name: str) -> tuple[str, ...]:
        if self.names is None:
            self.names = set(self.definitions.shared)
            for table in self.definitions.plays.values():
                self.names |= set(table)
        near = get_close_matches(name, self.names - {name}, n=1, cutoff=0.8)
        return (f"did you mean `{near[0]}`?",) if near else ()


def _asserted(survey: Survey) -> Iterator[str]:
    """Names that some task demands: `fail` and `assert` ask whether they are defined."""
    for site, task in survey.tasks():
        if task.module in ("fail", "assert"):
            for place in places.of(survey, site):
                yield from place.reading.tested


def _unused(survey: Survey, noted: Noted) -> None:
    for site in survey.sites:
        given = site.node.keywords.get("register")
        if given is None or str(given.value).startswith("_"):
            continue
        name = str(given.value)
        if survey.project.mentions(name) <= 1:
            noted.report("unused-register", f"nothing reads `{name}`", given.span, certain=False)
