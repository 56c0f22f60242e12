"""Filters over numbers, chance and time."""

from __future__ import annotations

import math
import random as chance
import re
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from jinja2 import pass_context

from kplay.resolve.filters.registry import kind_of

_SIZES = {"Y": 80, "Z": 70, "E": 60, "P": 50, "T": 40, "G": 30, "M": 20, "K": 10, "B": 0}
_NAMES = {"Y": "yotta", "Z": "zetta", "E": "exa", "P": "peta", "T": "tera", "G": "giga",
          "M": "mega", "K": "kilo", "B": ""}  # fmt: skip


def human_readable(size: Any, isbits: bool = False, unit: str | None = None) -> str:
    """A number of bytes as people write it."""
    if not isinstance(size, (int, float)):
        raise TypeError(f"it takes a number, not {kind_of(size)}")
    base = "bits" if isbits else "Bytes"
    suffix, power = "", 0
    for name, bits in _SIZES.items():
        if (unit is None and size >= 1 << bits) or (unit and unit.upper() == name):
            suffix, power = name, bits
            break
    label = f"{suffix}{'b' if isbits else 'B'}" if suffix and suffix != "B" else base
    return f"{size / (1 << power):.2f} {label}"


def human_to_bytes(size: Any, default_unit: str | None = None, isbits: bool = False) -> int:
    """The number of bytes (or bits) behind what people write."""
    match = re.fullmatch(r"\s*(\d*\.?\d*)\s*([A-Za-z]+)?\s*", str(size))
    if not match or not match[1]:
        raise ValueError(f"`{size}` is not a size")
    unit = match[2] or default_unit or "B"
    letter = unit[:1].upper()
    if letter not in _SIZES:
        raise ValueError(f"`{size}` is not a size: its unit is none of {' '.join(_SIZES)}")
    word = "bit" if isbits else "byte"
    known = {f"{letter}{'b' if isbits else 'B'}", _NAMES[letter] + word}
    if len(unit) > 1 and not known & {unit, unit.lower()}:
        raise ValueError(f"`{size}` is not a size: wanted one of {', '.join(sorted(known))}")
    return round(float(match[1]) * (1 << _SIZES[letter]))


@pass_context
def random(
    _: Any, end: Any, start: int | None = None, step: int | None = None, seed: Any = None
) -> Any:
    """A random number below ``end``, or a random element; the same for the same seed."""
    source = chance.SystemRandom() if seed is None else chance.Random(seed)  # noqa: S311
    if isinstance(end, int):
        return source.randrange(start or 0, end, step or 1)
    if start or step:
        raise ValueError("start and step can only be used with a number")
    return source.choice(end)


@pass_context
def shuffle(_: Any, value: Any, seed: Any = None) -> Any:
    """The elements in a random order; the same for the same seed."""
    if not isinstance(value, Iterable):
        return value
    source = chance.SystemRandom() if seed is None else chance.Random(seed)  # noqa: S311
    result = list(value)
    source.shuffle(result)
    return result


def logarithm(value: float, base: float = math.e) -> float:
    """The logarithm."""
    return math.log10(value) if base == 10 else math.log(value, base)


def power(value: float, exponent: float) -> float:
    """The power."""
    return math.pow(value, exponent)


def root(value: float, base: float = 2) -> float:
    """The root."""
    return math.sqrt(value) if base == 2 else math.pow(value, 1.0 / float(base))


def strftime(form: str, second: float | None = None, utc: bool = False) -> str:
    """A moment (now, if none is given) in a format."""
    moment = time.time() if second is None else float(second)
    return time.strftime(form, time.gmtime(moment) if utc else time.localtime(moment))


def to_datetime(value: str, format: str = "%Y-%m-%d %H:%M:%S") -> datetime:  # noqa: A002
    """The moment that a text names."""
    return datetime.strptime(value, format)  # noqa: DTZ007 - Ansible's is naive too


SAFE = {
    "human_readable": human_readable,
    "human_to_bytes": human_to_bytes,
    "random": random,
    "shuffle": shuffle,
    "log": logarithm,
    "pow": power,
    "root": root,
    "strftime": strftime,
    "to_datetime": to_datetime,
}
