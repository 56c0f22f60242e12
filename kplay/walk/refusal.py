"""What a task gives that an error of the playbook stops: the fault, and the way to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kplay.diagnostics import Diagnostic, to_json
from kplay.errors import InputError
from kplay.playbook.way import task_note, way_to
from kplay.resolve.faults import TemplateError

if TYPE_CHECKING:
    from kplay.errors import KplayError
    from kplay.playbook.model import Node


def refused(error: KplayError, node: Node) -> dict[str, Any]:
    """The result of a task that cannot be bound or judged; faults say how it was reached."""
    result: dict[str, Any] = {"msg": str(error), "failed": True, "changed": False}
    found: tuple[Diagnostic, ...] = ()
    if isinstance(error, InputError):
        found = error.diagnostics
    elif isinstance(error, TemplateError):
        found = (error.diagnostic,)
    if found:
        result["diagnostics"] = [to_json(_traced(one, node)) for one in found]
    return result


def _traced(one: Diagnostic, node: Node) -> Diagnostic:
    """The fault with the task that met it, and the includes and roles on the way there."""
    places = {note.rpartition(" ")[2] for note in one.notes}
    added = (*task_note(node, one.span), *way_to(node))
    fresh = tuple(note for note in added if note.rpartition(" ")[2] not in places)
    return replace(one, notes=(*one.notes, *fresh))
