"""Parses every template of a playbook before anything runs."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from kplay.diagnostics import Diagnostic, Faults, suggest
from kplay.playbook.model import Block, Task
from kplay.playbook.scope import decides, guarded
from kplay.playbook.values import is_template
from kplay.playbook.way import way_to
from kplay.source import UnsafeText, VaultText

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from jinja2 import Environment

    from kplay.playbook.model import Node, Play, Playbook, Role
    from kplay.source import Sourced, Span

CONDITIONS = frozenset({"when", "until", "changed_when", "failed_when"})
"""Keywords whose text is an expression without braces."""


def check_templates(
    playbook: Playbook,
    *,
    filters: Collection[str] | None = None,
    tests: Collection[str] | None = None,
    lookups: Collection[str] | None = None,
) -> list[Diagnostic]:
    """Faults in the templates of plays, tasks, variables and handlers, each once.

    An unknown name where a run may never look (a variable, a task with a condition) is a warning.

    Args:
        playbook: as loaded.
        filters: names of filters that exist; None to leave them unchecked.
        tests: names of tests that exist; None to leave them unchecked.
        lookups: names of lookups that exist; None to leave ``with_…`` unchecked.
    """
    checker = Checker(filters, tests, lookups)
    for play in playbook.plays:
        checker.play(play)
    return list(checker.faults)


def check_nodes(
    nodes: list[Node],
    *,
    filters: Collection[str] | None = None,
    tests: Collection[str] | None = None,
    lookups: Collection[str] | None = None,
) -> list[Diagnostic]:
    """Faults in the templates of nodes that an include brought in."""
    checker = Checker(filters, tests, lookups)
    checker.nodes(nodes)
    return list(checker.faults)


class Checker:
    """Parses texts, each once."""

    def __init__(
        self,
        filters: Collection[str] | None,
        tests: Collection[str] | None,
        lookups: Collection[str] | None = None,
    ) -> None:
        self.filters = filters
        self.tests = tests
        self.faults = Faults()
        self.lookups = lookups
        self._environment: Environment | None = None
        self._certain = True
        """Whether a run that gets this far renders what is being read."""
        self._sound: set[str] = set()
        self._roles: set[int] = set()

    def play(self, play: Play) -> None:
        """Every template that is written on a play or below it."""
        self._table(play.variables)
        self._value(play.hosts)
        self._keywords(play.keywords)
        for _, nodes in play.sections():
            self.nodes(nodes)
        self.nodes(play.handlers, certain=False)

    def nodes(self, nodes: list[Node], *, certain: bool = True) -> None:
        """Every template of tasks and blocks."""
        for node in nodes:
            inner = certain and not guarded(node.keywords)
            words, before = node.keywords, len(self.faults)
            self._certain = certain
            self._keywords({name: words[name] for name in words if decides(name)})
            self._certain = inner
            self._keywords({name: words[name] for name in words if not decides(name)})
            if node.role is not None:
                self._role(node.role)
            if isinstance(node, Block):
                self.nodes(node.tasks, certain=inner)
                self.nodes(node.rescue, certain=False)
                self.nodes(node.always, certain=inner)
            else:
                bare = isinstance(node, Task) and node.module == "assert"
                for key, value in node.args.items():
                    self._value(value, bare=bare and key == "that")
            if len(self.faults) > before:
                self.faults.trace(before, way_to(node.parent))

    def _role(self, role: Role) -> None:
        if id(role) not in self._roles:
            self._roles.add(id(role))
            for table in (role.defaults, role.variables, role.parameters):
                self._table(table)

    def _table(self, table: Mapping[str, Sourced]) -> None:
        before, self._certain = self._certain, False
        for value in table.values():
            self._value(value)
        self._certain = before

    def _loop(self, name: str, value: Sourced) -> None:
        lookup = name.removeprefix("with_")
        if lookup == name or self.lookups is None or lookup in self.lookups:
            return
        message = f"no keyword named `{name}`: there is no lookup `{lookup}`"
        near = nearest(lookup, [one for one in self.lookups if "." not in one])
        self.faults.append(Diagnostic("unknown-keyword", message, value.key_span, help=near))

    def _keywords(self, words: Mapping[str, Sourced]) -> None:
        for name, value in words.items():
            self._loop(name, value)
            self._value(value, bare=name in CONDITIONS)

    def _value(self, value: Sourced, *, bare: bool = False) -> None:
        for leaf in _leaves(value):
            if is_template(leaf.value):
                self._text(leaf, leaf.value, 0)
            elif bare:
                self._text(leaf, f"{{{{ {leaf.value} }}}}", 1)

    def _text(self, leaf: Sourced, text: str, added: int) -> None:
        if text in self._sound:
            return
        from jinja2 import TemplateSyntaxError

        before = len(self.faults)
        try:
            with warnings.catch_warnings():  # Python's, of backslashes that stand for themselves
                warnings.simplefilter("ignore")
                tree = self._jinja().parse(text)
        except TemplateSyntaxError as error:
            kind = "expression" if added else "template"
            self.faults.append(
                Diagnostic(
                    "bad-template",
                    f"not a valid {kind}: {spoken(str(error.message))}",
                    line_of(leaf, error.lineno),
                )
            )
            return
        self._names(tree, leaf)
        if len(self.faults) == before:
            self._sound.add(text)

    def _names(self, tree: Any, leaf: Sourced) -> None:
        from jinja2 import nodes

        for kind, known, what in (
            (nodes.Filter, self.filters, "filter"),
            (nodes.Test, self.tests, "test"),
        ):
            if known is None:
                continue
            for node in tree.find_all(kind):
                if node.name not in known:
                    self.faults.append(
                        Diagnostic(
                            f"unknown-{what}",
                            f"no {what} named `{node.name}`",
                            line_of(leaf, node.lineno),
                            help=nearest(node.name, known),
                            severity="error" if self._certain else "warning",
                        )
                    )

    def _jinja(self) -> Environment:
        if self._environment is None:
            from jinja2 import Environment

            self._environment = Environment(  # noqa: S701 - parses only, renders nothing
                extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]
            )
        return self._environment


def nearest(name: str, known: Collection[str]) -> tuple[str, ...]:
    """Help for a filter, test or lookup that there is none of."""
    broken: tuple[str, ...] = getattr(known, "broken", ())
    near = (*suggest(name, known), *broken)
    parts = name.split(".")
    if near or len(parts) < 3:
        return near
    collection = ".".join(parts[:2])
    return (f"kplay finds no collection `{collection}` that brings it; install that beside kplay",)


def spoken(message: str) -> str:
    """Jinja's message as ours are written; ``}}`` is what it calls the end of a print statement."""
    text = message.rstrip(".").replace(". ", "; ")
    text = text.replace("token 'end of print statement'", "the end")
    return text[:1].lower() + text[1:].replace("'end of print statement'", "end")


def line_of(value: Sourced, line: int) -> Span:
    """The line of a text's document on which a line of the text is written.

    Only a literal block (``|``) keeps its lines; other forms are shown whole.
    """
    span = value.span
    if span.line == span.end_line:
        return span
    lines = value.document.text.splitlines()
    head = lines[span.line - 1][span.column - 1 :]
    if not head.startswith("|"):
        return span
    number = min(span.line + line, len(lines))
    written = lines[number - 1]
    first = len(written) - len(written.lstrip()) + 1
    return span._replace(
        line=number, column=first, end_line=number, end_column=max(len(written), first) + 1
    )


def _leaves(value: Sourced) -> Iterator[Sourced]:
    if isinstance(value.value, dict):
        for _, part in value.items():  # noqa: PERF102 - a Sourced has no values()
            yield from _leaves(part)
    elif isinstance(value.value, list):
        for part in value.elements():
            yield from _leaves(part)
    elif isinstance(value.value, str) and not isinstance(value.value, (UnsafeText, VaultText)):
        yield value
