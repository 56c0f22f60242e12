"""The filters of Ansible that public playbooks use, in one file a family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from jinja2.filters import FILTERS as JINJA

from kplay.resolve.filters import (
    addresses,
    basic,
    collections,
    encoding,
    numbers,
    passwords,
    paths,
    text,
    versions,
)
from kplay.resolve.filters.registry import refused, safe_filter, with_prefixes

if TYPE_CHECKING:
    from collections.abc import Callable

_FAMILIES = (basic, collections, encoding, numbers, passwords, paths, text)
REFUSED = {
    "vault": "kplay does not encrypt while it renders",
    "unvault": "vaulted values are opened where they are loaded",
}


def _all() -> dict[str, Callable[..., Any]]:
    found = {name: safe_filter(name, cast("Any", one)) for name, one in JINJA.items()}
    for family in _FAMILIES:
        own = {
            name: safe_filter(name, one)
            for name, one in cast("dict[str, Any]", family.SAFE).items()
        }
        found.update(with_prefixes(own))
    found.update(with_prefixes(cast("Any", basic.RAW)))
    found.update(with_prefixes({name: refused(name, why) for name, why in REFUSED.items()}))
    for others in (addresses.COLLECTIONS, collections.COLLECTIONS, versions.COLLECTIONS):
        found.update({name: safe_filter(name, cast("Any", one)) for name, one in others.items()})
    return found


FILTERS: dict[str, Callable[..., Any]] = _all()


def filter_names() -> frozenset[str]:
    """Every filter that a template may name."""
    return frozenset(FILTERS)
