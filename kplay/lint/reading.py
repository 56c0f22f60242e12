"""Which variables a Jinja text reads, which of them surely, and which it tests for.

The text is parsed, never rendered. A read is certain when every rendering gets to it: not behind
`and`, `or`, `if`, in a loop's body or in the argument of `default`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment, TemplateSyntaxError, nodes

from kplay.resolve.globals import GLOBALS

if TYPE_CHECKING:
    from collections.abc import Iterable

ALWAYS = frozenset(
    {*GLOBALS, "true", "false", "none", "True", "False", "None", "loop", "self", "super", "caller",
     "varargs", "kwargs", "omit"}
)  # fmt: skip
"""Names that every template has."""

WORDS = frozenset({"yes", "no", "on", "off", "y", "n"})
"""Booleans of YAML that Jinja takes for names."""

_SOFT_FILTERS = ("default", "d", "type_debug")
_SOFT_TESTS = ("defined", "undefined")


class Use(NamedTuple):
    """A variable that is read."""

    name: str
    line: int
    """In the text, from 1."""
    certain: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text does with variables."""

    uses: tuple[Use, ...] = ()
    tested: frozenset[str] = frozenset()
    """Names that it asks about (``is defined``), and texts that may be names."""
    fault: str = ""
    """Why it cannot be parsed; the line is the first use's."""
    line: int = 0


NOTHING = Reading()


@cache
def _environment(delimiters: tuple[tuple[str, str], ...] = ()) -> Environment:
    return Environment(  # noqa: S701 - parses only, renders nothing
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
        trim_blocks=True,
        **dict(delimiters),  # type: ignore[arg-type]
    )


@lru_cache(maxsize=65536)
def read(text: str, *, bare: bool = False, delimiters: tuple[tuple[str, str], ...] = ()) -> Reading:
    """What a text reads.

    Args:
        text: a template; or an expression without braces.
        bare: whether it is an expression.
        delimiters: Jinja's ``block_start_string`` and the like, where a file sets its own.
    """
    if bare and text.strip().lower() in WORDS:
        return NOTHING
    if bare and "{{" not in text and "{%" not in text:
        text = "{{ " + text.strip() + "\n}}"
    elif "{" not in text and not delimiters:
        return NOTHING
    try:
        tree = _environment(delimiters).parse(text)
    except TemplateSyntaxError as error:
        return Reading(fault=str(error.message or "not a template"), line=error.lineno)
    except (RecursionError, ValueError):
        return Reading(fault="it is nested too deeply", line=1)
    reader = _Reader(_bound(tree))
    reader.visit(tree, certain=True)
    uses = tuple(dict.fromkeys(one for one in reader.uses if one.name not in reader.tested))
    return Reading(uses, frozenset(reader.tested))


def _bound(tree: nodes.Template) -> set[str]:
    """Every name that the text itself gives a value, wherever it does."""
    names = {node.name for node in tree.find_all(nodes.Name) if node.ctx in ("store", "param")}
    for node in tree.find_all((nodes.Macro, nodes.Import, nodes.FromImport)):
        if isinstance(node, nodes.Macro):
            names.add(node.name)
        elif isinstance(node, nodes.Import):
            names.add(node.target)
        elif isinstance(node, nodes.FromImport):
            names.update(one if isinstance(one, str) else one[1] for one in node.names)
    return names


@dataclass(slots=True)
class _Reader:
    bound: set[str]
    uses: list[Use] = field(default_factory=list)
    tested: set[str] = field(default_factory=set)

    def visit(self, node: nodes.Node, *, certain: bool) -> None:
        special = _VISITS.get(type(node))
        if special is not None:
            special(self, node, certain)
        else:
            self.all(node.iter_child_nodes(), certain=certain)

    def all(self, children: Iterable[nodes.Node | None], *, certain: bool) -> None:
        for child in children:
            if child is not None:
                self.visit(child, certain=certain)

    def name(self, node: Any, certain: bool) -> None:
        if node.ctx == "load" and node.name not in self.bound and node.name not in ALWAYS:
            self.uses.append(Use(node.name, node.lineno, certain))

    def soft(self, node: nodes.Node | None) -> None:
        """Something that may be undefined: its base name is asked for, the rest is read."""
        while isinstance(node, (nodes.Getattr, nodes.Getitem, nodes.Filter, nodes.Call)):
            if isinstance(node, nodes.Getitem):
                self.visit(node.arg, certain=False)
            elif isinstance(node, (nodes.Filter, nodes.Call)):
                self.all(node.args, certain=False)
            node = node.node
        if isinstance(node, nodes.Name):
            self.tested.add(node.name)
        elif node is not None:
            self.visit(node, certain=False)

    def filter(self, node: Any, certain: bool) -> None:
        name = node.name.rpartition(".")[2]
        if name in _SOFT_FILTERS:
            self.soft(node.node)
            self.all([*node.args, *node.kwargs], certain=False)
            return
        self.all([node.node], certain=certain)
        self.all(node.args, certain=certain and name != "ternary")
        self.all([*node.kwargs, node.dyn_args, node.dyn_kwargs], certain=False)

    def test(self, node: Any, certain: bool) -> None:
        if node.name.rpartition(".")[2] in _SOFT_TESTS:
            self.soft(node.node)
            return
        self.all([node.node, *node.args], certain=certain)
        self.all([*node.kwargs, node.dyn_args, node.dyn_kwargs], certain=False)

    def either(self, node: Any, certain: bool) -> None:
        self.visit(node.left, certain=certain)
        self.visit(node.right, certain=False)

    def choice(self, node: Any, certain: bool) -> None:
        self.visit(node.test, certain=certain)
        self.all([node.expr1, node.expr2], certain=False)

    def branch(self, node: Any, certain: bool) -> None:
        self.visit(node.test, certain=certain)
        self.all([*node.body, *node.elif_, *node.else_], certain=False)

    def loop(self, node: Any, certain: bool) -> None:
        self.visit(node.iter, certain=certain)
        self.all([node.test, *node.body, *node.else_], certain=False)

    def later(self, node: Any, certain: bool) -> None:
        del certain
        self.all(node.iter_child_nodes(), certain=False)

    def call(self, node: Any, certain: bool) -> None:
        self.all([node.node, *node.args], certain=certain)
        self.all([*node.kwargs, node.dyn_args, node.dyn_kwargs], certain=False)

    def const(self, node: Any, certain: bool) -> None:
        del certain
        if isinstance(node.value, str):
            self.tested.update(word for word in node.value.split(".")[:1] if word.isidentifier())


_VISITS: dict[type[nodes.Node], Any] = {
    nodes.Name: _Reader.name,
    nodes.Filter: _Reader.filter,
    nodes.Test: _Reader.test,
    nodes.And: _Reader.either,
    nodes.Or: _Reader.either,
    nodes.CondExpr: _Reader.choice,
    nodes.If: _Reader.branch,
    nodes.For: _Reader.loop,
    nodes.Macro: _Reader.later,
    nodes.CallBlock: _Reader.later,
    nodes.Block: _Reader.later,
    nodes.Include: _Reader.later,
    nodes.Import: _Reader.later,
    nodes.FromImport: _Reader.later,
    nodes.Call: _Reader.call,
    nodes.Const: _Reader.const,
}
