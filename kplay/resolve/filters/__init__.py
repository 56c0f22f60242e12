"""The filters of Ansible that public playbooks use, in one file a family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from jinja2.filters import FILTERS as JINJA

from kplay.resolve.filters import (
    address_forms,
    addresses,
    basic,
    certificates,
    collections,
    data_paths,
    durations,
    encoding,
    formats,
    keys,
    lists,
    networks,
    numbers,
    passwords,
    paths,
    text,
    vaults,
    versions,
)
from kplay.resolve.filters.registry import Table, refused, safe_filter, with_prefixes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FAMILIES = (basic, collections, encoding, numbers, passwords, paths, text, vaults)
_COLLECTIONS: tuple[Mapping[str, Any], ...] = tuple(
    cast("Mapping[str, Any]", family.COLLECTIONS)
    for family in (
        certificates,
        collections,
        data_paths,
        durations,
        formats,
        keys,
        lists,
        versions,
    )
)
REFUSED: dict[str, str] = {}
"""Filters that Ansible has and kplay has not, and why."""


def _all() -> dict[str, Callable[..., Any]]:
    jinja = {name: safe_filter(name, cast("Any", one)) for name, one in JINJA.items()}
    found = with_prefixes(jinja)
    for family in _FAMILIES:
        own = {
            name: safe_filter(name, one)
            for name, one in cast("dict[str, Any]", family.SAFE).items()
        }
        found.update(with_prefixes(own))
    found.update(with_prefixes(cast("Any", basic.RAW)))
    found.update(with_prefixes({name: refused(name, why) for name, why in REFUSED.items()}))
    for others in (*_COLLECTIONS, _addresses()):
        found.update({name: safe_filter(name, cast("Any", one)) for name, one in others.items()})
    return found


def _addresses() -> dict[str, Any]:
    """Under their short names too: until 2.12 they were part of Ansible."""
    own = {**addresses.FILTERS, **networks.FILTERS, **address_forms.FILTERS}
    prefixes = ("", "ansible.utils.", "ansible.netcommon.")
    return {prefix + name: one for prefix in prefixes for name, one in own.items()}


FILTERS = Table(_all())


def filter_names() -> frozenset[str]:
    """Every filter that a template may name."""
    return frozenset(FILTERS)
