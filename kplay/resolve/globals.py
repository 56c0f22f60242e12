"""Functions that every template sees."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from jinja2.defaults import DEFAULT_NAMESPACE

from kplay.resolve.faults import undefined
from kplay.resolve.lookups import lookup, query
from kplay.resolve.missing import Missing


def now(utc: bool = False, fmt: str | None = None) -> Any:
    """The controller's time, as a datetime or, with a format, as text."""
    moment = datetime.now(UTC) if utc else datetime.now().astimezone()
    plain = moment.replace(tzinfo=None)
    return plain.strftime(fmt) if fmt else plain


def undef(hint: str | None = None) -> Missing:
    """An undefined value, to say that the user must set a variable."""
    return Missing(lambda: undefined(hint or "a mandatory variable is undefined"))


GLOBALS: dict[str, Any] = {
    **{name: DEFAULT_NAMESPACE[name] for name in ("range", "dict", "cycler", "joiner")},
    "namespace": DEFAULT_NAMESPACE["namespace"],
    "lookup": lookup,
    "query": query,
    "q": query,
    "now": now,
    "undef": undef,
}
