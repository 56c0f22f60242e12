"""What a rule of the preflight finds, and what a rule is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kplay.actions.preflight.survey import Survey

ERROR, WARNING = "error", "warning"

CLUSTER = ""
"""The host of a finding that is about all of them together."""


class Found(NamedTuple):
    """What a rule says: where, what is, and what to do if it is not what the rule says always."""

    host: str
    text: str
    remedy: str = ""


class Rule(NamedTuple):
    """One thing that can be wrong."""

    id: str
    severity: str
    look: Callable[[Survey], Iterator[Found]]
    remedy: str
    """What to do about it."""


class Finding(NamedTuple):
    """One thing that is wrong."""

    id: str
    severity: str
    host: str
    text: str
    remedy: str
