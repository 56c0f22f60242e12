"""``include_vars: {hash_behaviour: merge}``: mappings that are added to what the task sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.resolve.filters.collections import combine
from kplay.resolve.unknown import PartialResult, Unknown, merge
from kplay.source import Document, Sourced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kplay.resolve.scope import Scope


def merged(scope: Scope, variables: Mapping[str, Sourced]) -> dict[str, Any]:
    """The variables, each mapping among them merged into the one of that name, all levels deep.

    Lists replace each other, as do values that are no mappings, templates among them. What the
    user wrote stays a template with its places; what a run made gives final values.
    """
    return {name: _onto(scope, name, value, variables) for name, value in variables.items()}


def _onto(scope: Scope, name: str, value: Sourced, beside: Mapping[str, Sourced]) -> Any:
    below = scope.written(name)
    if below is None or not isinstance(value.value, dict):
        return value
    if isinstance(below, Sourced):
        return _both(below, value) if isinstance(below.value, dict) else value
    if isinstance(below, Unknown | PartialResult):
        return merge(below)
    if not isinstance(below, dict):
        return value
    return combine(below, scope.with_extra(beside).template(value), recursive=True)


def _both(below: Sourced, above: Sourced) -> Sourced:
    data = combine(below.value, above.value, recursive=True)
    sealed = below.document.sealed or above.document.sealed
    document = Document(above.document.file, above.document.text, data, sealed=sealed)
    for one in (below, above):
        start = len(one.path)
        for table, own in (
            (one.document.spans, document.spans),
            (one.document.key_spans, document.key_spans),
        ):
            own.update({path[start:]: at for path, at in table.items() if path[:start] == one.path})
    return document.root
