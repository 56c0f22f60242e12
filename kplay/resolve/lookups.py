"""Lookups: values from the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import pass_context

from kplay.resolve.faults import fault

if TYPE_CHECKING:
    from kplay.resolve.templating import ScopeContext


@pass_context
def lookup(context: ScopeContext, name: str, *terms: Any, **options: Any) -> Any:
    """What a lookup gives, several values joined by commas."""
    raise fault("unknown-lookup", f"no lookup named `{name}`")


@pass_context
def query(context: ScopeContext, name: str, *terms: Any, **options: Any) -> Any:
    """What a lookup gives, as a list."""
    raise fault("unknown-lookup", f"no lookup named `{name}`")
