"""The tests of Ansible that public playbooks use (``x is defined``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2.tests import TESTS as JINJA

from kplay.resolve.filters.registry import safe_test, with_prefixes
from kplay.resolve.missing import Missing


def defined(value: Any) -> bool:
    """Whether a value is defined; one that only the run can tell is."""
    if isinstance(value, Missing):
        error = value.make()
        if not error.undefined:
            raise error
        return False
    return True


def undefined(value: Any) -> bool:
    """Whether a value is not defined."""
    return not defined(value)


TESTS: dict[str, Callable[..., Any]] = {
    **{name: safe_test(name, function) for name, function in JINJA.items()},
    **with_prefixes({"defined": defined, "undefined": undefined}),
}


def test_names() -> frozenset[str]:
    """Every test that a template may name."""
    return frozenset(TESTS)
