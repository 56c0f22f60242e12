"""Lookups: values from the controller, by name."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import pass_context

from kplay.resolve import (
    lookup_collections,
    lookup_files,
    lookup_lists,
    lookup_passwords,
    lookup_settings,
    lookup_tables,
    lookup_values,
    lookup_web,
)
from kplay.resolve.faults import TemplateError, fault
from kplay.resolve.filters.registry import Table
from kplay.resolve.lazy import settle
from kplay.resolve.unknown import Unknown, UnknownReached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kplay.resolve.scope import Scope
    from kplay.resolve.templating import ScopeContext

    Lookup = Callable[[Scope, list[Any], dict[str, Any]], Any]

LOOKUPS: dict[str, Callable[[Scope, list[Any], dict[str, Any]], Any]] = {
    **lookup_files.LOOKUPS,
    **lookup_lists.LOOKUPS,
    **lookup_passwords.LOOKUPS,
    **lookup_settings.LOOKUPS,
    **lookup_tables.LOOKUPS,
    **lookup_values.LOOKUPS,
    **lookup_web.LOOKUPS,
}
COLLECTIONS: dict[str, Callable[[Scope, list[Any], dict[str, Any]], Any]] = {
    **lookup_collections.COLLECTIONS,
    **lookup_passwords.COLLECTIONS,
}
"""Those of collections, by their full names."""
USER = Table()
"""Those of the user, by the names that templates use."""
REFUSED: dict[str, str] = {}
PREFIXES = ("ansible.builtin.", "ansible.legacy.")


@cache
def lookup_names() -> frozenset[str]:
    """Every lookup that a template or a ``with_…`` may name, short and with its collection."""
    prefixed = {prefix + name for prefix in PREFIXES for name in LOOKUPS}
    return frozenset(LOOKUPS) | prefixed | frozenset(COLLECTIONS)


class LookupNames(Collection[str]):
    """Every lookup that may be named, those of the user too as they are found."""

    def __contains__(self, name: object) -> bool:
        return name in USER or name in lookup_names()

    def __iter__(self) -> Iterator[str]:
        return iter({*USER, *lookup_names()})

    def __len__(self) -> int:
        return len({*USER, *lookup_names()})


def short_name(name: str) -> str:
    """A lookup's name without its collection."""
    for prefix in PREFIXES:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def find_lookup(name: str) -> Lookup:
    """The function of a lookup.

    Raises:
        TemplateError: there is none, or kplay refuses it, with the reason.
    """
    if name in USER:
        own: Lookup = USER[name]
        return own
    if name in COLLECTIONS:
        return COLLECTIONS[name]
    short = short_name(name)
    if short in LOOKUPS:
        return LOOKUPS[short]
    if short in REFUSED:
        raise fault("unsupported-lookup", f"no lookup `{short}` in kplay: {REFUSED[short]}")
    from kplay.playbook.templates import nearest

    raise fault("unknown-lookup", f"no lookup named `{name}`", help=nearest(short, LOOKUPS))


def run_lookup(scope: Scope, name: str, terms: list[Any], options: dict[str, Any]) -> Any:
    """What a lookup gives as a list, or an Unknown.

    Raises:
        TemplateError: it fails, unless ``errors`` is ``ignore`` or ``warn``.
    """
    function = find_lookup(name)
    lenient = options.pop("errors", "strict") in ("ignore", "warn")
    try:
        return function(scope, [settle(one) for one in terms], options)
    except UnknownReached as reason:
        return Unknown(*reason.causes)
    except TemplateError as error:
        if lenient and not error.undefined:
            return []
        raise
    except Exception as error:
        if lenient:
            return []
        from kplay.resolve.templating import describe

        raise fault("lookup-failed", f"the lookup `{name}` failed: {describe(error)}") from error


@pass_context
def lookup(context: ScopeContext, name: str, *terms: Any, **options: Any) -> Any:
    """What a lookup gives: one value as it is, several texts joined by commas."""
    wantlist = bool(options.pop("wantlist", False))
    lenient = options.get("errors", "strict") in ("ignore", "warn")
    found = run_lookup(_scope(context), name, list(terms), options)
    if wantlist or isinstance(found, Unknown):
        return found
    if not found:
        return None if lenient else found
    if all(isinstance(one, str) for one in found):
        return ",".join(found)
    return found[0] if len(found) == 1 else found


@pass_context
def query(context: ScopeContext, name: str, *terms: Any, **options: Any) -> Any:
    """What a lookup gives, as a list."""
    options.pop("wantlist", None)
    return run_lookup(_scope(context), name, list(terms), options)


def _scope(context: ScopeContext) -> Scope:
    if context.scope is None:
        raise fault("template-error", "lookups need `import … with context`")
    return context.scope
