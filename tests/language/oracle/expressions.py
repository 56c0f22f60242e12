"""Filters, tests, lookups and variables in the syntax trees of Jinja templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, TemplateSyntaxError, nodes

if TYPE_CHECKING:
    from collections.abc import Callable

_BY_TEST = {"select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}
"""Filters that take a test's name, and where among their arguments."""
_LOOKUPS = ("lookup", "query", "q")


class Expressions:
    """Tells ``named(table, entry)`` of everything that templates name."""

    def __init__(self, named: Callable[[str, str], None]) -> None:
        self.named = named
        self.environment = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])  # noqa: S701

    def template(self, text: str) -> None:
        """Text with ``{{ }}`` in it; what is no template, or Jinja cannot read, names nothing."""
        if "{" not in text:
            return
        try:
            tree = self.environment.parse(text)
        except TemplateSyntaxError:
            return
        self._walk(tree)

    def expression(self, text: str) -> None:
        """Text that is an expression."""
        self.template(text if "{{" in text else "{{ " + text + " }}")

    def _walk(self, tree: nodes.Node) -> None:
        for one in tree.find_all(nodes.Filter):
            self.named("filters", one.name)
            self._by_name(one)
        for test in tree.find_all(nodes.Test):
            self.named("tests", test.name)
        for call in tree.find_all(nodes.Call):
            self._lookup(call)
        for name in tree.find_all(nodes.Name):
            if name.ctx == "load":
                self.named("variables", name.name)

    def _by_name(self, one: nodes.Filter) -> None:
        """Tests and filters that are given to another filter by name."""
        if one.name == "map" and one.args:
            self._constant("filters", one.args[0])
        place = _BY_TEST.get(one.name)
        if place is not None and len(one.args) > place:
            self._constant("tests", one.args[place])

    def _lookup(self, call: nodes.Call) -> None:
        if isinstance(call.node, nodes.Name) and call.node.name in _LOOKUPS and call.args:
            self._constant("lookups", call.args[0])

    def _constant(self, table: str, node: nodes.Node) -> None:
        if isinstance(node, nodes.Const) and isinstance(node.value, str):
            self.named(table, node.value)
