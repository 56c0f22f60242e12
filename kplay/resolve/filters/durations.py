"""Filters of community.general that read durations (``1h 30m``) in one unit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kplay.resolve.filters.registry import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

_PART = re.compile(r"(-?\d*\.?\d+)\s*([a-z]+)", re.IGNORECASE)
_WORDS: dict[str, tuple[str, ...]] = {
    "millisecond": ("ms", "msec", "msecs", "msecond", "mseconds", "millisecond", "milliseconds"),
    "second": ("s", "sec", "secs", "second", "seconds"),
    "minute": ("m", "min", "mins", "minute", "minutes"),
    "hour": ("h", "hour", "hours"),
    "day": ("d", "day", "days"),
    "week": ("w", "week", "weeks"),
    "month": ("mo", "month", "months"),
    "year": ("y", "year", "years"),
}
_UNITS = {word: unit for unit, words in _WORDS.items() for word in words}


def _lengths(year: float, month: float) -> dict[str, float]:
    """Seconds of each unit."""
    day = 86400.0
    return {
        "millisecond": 0.001,
        "second": 1,
        "minute": 60,
        "hour": 3600,
        "day": day,
        "week": 7 * day,
        "month": month * day,
        "year": year * day,
    }


def to_time_unit(value: Any, unit: str = "ms", *, year: float = 365, month: float = 30) -> float:
    """A duration in a unit; a year and a month have so many days."""
    if not isinstance(value, str):
        raise TypeError(f"it takes a text, not {kind_of(value)}")
    if unit not in _UNITS:
        raise ValueError(f"`{unit}` is not one of {', '.join(_UNITS)}")
    lengths, total = _lengths(float(year), float(month)), 0.0
    for part in value.split():
        match = _PART.match(part)
        if match is None or match[2].lower() not in _UNITS:
            raise ValueError(f"`{value}` is not a duration such as `1h 30m`")
        total += float(match[1]) * lengths[_UNITS[match[2].lower()]]
    return round(total / lengths[_UNITS[unit]], 12)


def _to(unit: str) -> Callable[..., float]:
    def filter_(value: Any, *, year: float = 365, month: float = 30) -> float:
        return to_time_unit(value, unit, year=year, month=month)

    filter_.__name__ = f"to_{unit}s"
    return filter_


COLLECTIONS: dict[str, Callable[..., float]] = {
    "community.general.to_time_unit": to_time_unit,
    **{f"community.general.to_{unit}s": _to(unit) for unit in _WORDS},
}
