"""The filters of Ansible that public playbooks use, in one file a family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2.filters import FILTERS as JINJA

from kplay.resolve.filters import basic
from kplay.resolve.filters.registry import safe_filter, with_prefixes

FILTERS: dict[str, Callable[..., Any]] = {
    **{name: safe_filter(name, function) for name, function in JINJA.items()},
    **with_prefixes({name: safe_filter(name, one) for name, one in basic.SAFE.items()}),
    **with_prefixes(basic.RAW),
}


def filter_names() -> frozenset[str]:
    """Every filter that a template may name."""
    return frozenset(FILTERS)
