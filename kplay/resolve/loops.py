"""What a task loops over, and the variables that each turn sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.resolve.faults import TemplateError, fault
from kplay.resolve.lookup_lists import unknowns
from kplay.resolve.lookups import run_lookup
from kplay.resolve.unknown import Unknown, causes_in, reached

if TYPE_CHECKING:
    from kplay.playbook.model import Include, Task
    from kplay.resolve.scope import Scope
    from kplay.source import Sourced


def loop_keyword(node: Task | Include) -> tuple[str, Sourced] | None:
    """The keyword that a task loops by (``loop`` or ``with_…``) and its value, or None."""
    for name, value in node.keywords.items():
        if name == "loop" or name.startswith("with_"):
            return name, value
    return None


def items(node: Task | Include, scope: Scope) -> list[Any] | Unknown | None:
    """What a task loops over: None without a loop, an Unknown where only the run can tell.

    Raises:
        TemplateError: the value cannot be rendered, or is no list.
    """
    found = loop_keyword(node)
    if found is None:
        return None
    name, written = found
    value = scope.template(written)
    if isinstance(value, Unknown):
        return value
    try:
        if name == "loop":
            return _plain(value)
        return _looked_up(name.removeprefix("with_"), value, scope)
    except TemplateError as error:
        raise error.at(written.span) from error


def _plain(value: Any) -> list[Any] | Unknown:
    if isinstance(value, (list, tuple)):
        return list(value)
    causes = reached(value, 0)
    if causes:
        return Unknown(*causes)
    kind = "none" if value is None else type(value).__name__
    raise fault(
        "loop-not-a-list",
        f"`loop` takes a list, not a value of type `{kind}`",
        help=("of a mapping, use `| dict2items`",) if isinstance(value, dict) else (),
    )


def _looked_up(name: str, value: Any, scope: Scope) -> list[Any] | Unknown:
    terms = value if isinstance(value, list) else [value]
    causes = unknowns(terms)
    if causes:
        return Unknown(*causes)
    if name not in ("items", "list", "indexed_items"):
        causes = causes_in(terms)
        if causes:
            return Unknown(*causes)
    result: list[Any] | Unknown = run_lookup(scope, name, terms, {})
    return result


def bindings(node: Task | Include, items: list[Any], index: int) -> dict[str, Any]:
    """The variables of one turn: the loop variable, and what ``loop_control`` asks for."""
    control = node.keywords.get("loop_control")
    options = control.value if control is not None and isinstance(control.value, dict) else {}
    name = str(options.get("loop_var", "item"))
    found: dict[str, Any] = {name: items[index], "ansible_loop_var": name}
    if options.get("index_var"):
        found[str(options["index_var"])] = index
        found["ansible_index_var"] = options["index_var"]
    if options.get("extended"):
        last = len(items) - 1
        loop: dict[str, Any] = {
            "index": index + 1,
            "index0": index,
            "first": index == 0,
            "last": index == last,
            "length": len(items),
            "revindex": last - index + 1,
            "revindex0": last - index,
        }
        if options.get("extended_allitems", True):
            loop["allitems"] = items
        if index > 0:
            loop["previtem"] = items[index - 1]
        if index < last:
            loop["nextitem"] = items[index + 1]
        found["ansible_loop"] = loop
    return found
