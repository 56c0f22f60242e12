"""Ranges in the names of hosts: ``web[01:20]``, ``db[a:f]``, ``rack[1:9:2]``."""

from __future__ import annotations

import re
from string import ascii_lowercase, ascii_uppercase

_RANGE = re.compile(r"\[([0-9]*|[A-Za-z]?):([0-9]+|[A-Za-z])(?::([0-9]+))?\]")
_PORT = re.compile(r"(?P<name>.+?):(?P<port>\d+)\Z")
_BRACKETED = re.compile(r"\[(?P<name>[0-9A-Fa-f:.%\w]*:[0-9A-Fa-f:.%\w]*)\](?::(?P<port>\d+))?\Z")


def expand(text: str) -> list[str]:
    """Every name that text with ranges stands for.

    Raises:
        ValueError: a range that counts down, mixes letters and digits, or has uneven zeros.
    """
    found = _RANGE.search(text)
    if found is None:
        return [text]
    head, tail = text[: found.start()], expand(text[found.end() :])
    return [f"{head}{one}{rest}" for one in _items(*found.groups()) for rest in tail]


def split_port(text: str) -> tuple[str, int | None]:
    """A host's name or pattern, and the port written behind it."""
    found = _BRACKETED.match(text)
    if found is not None and not _RANGE.fullmatch(f"[{found['name']}]"):
        return found["name"], int(found["port"]) if found["port"] else None
    outside = _RANGE.sub("", text)
    if outside.count(":") == 1:
        found = _PORT.match(text)
        if found is not None:
            return found["name"], int(found["port"])
    return text, None


def _items(start: str, end: str, step: str | None) -> list[str]:
    stride = int(step) if step else 1
    if stride < 1:
        raise ValueError("the step of a range is at least 1")
    if end.isalpha():
        letters = ascii_lowercase if end.islower() else ascii_uppercase
        first = start or letters[0]
        if first not in letters:
            raise ValueError("a range of letters has both ends in the same case")
        low, high = letters.index(first), letters.index(end)
        items = [letters[index] for index in range(low, high + 1, stride)]
    else:
        first = start or "0"
        if not first.isdigit():
            raise ValueError("a range has digits or letters at both ends, not one of each")
        width = len(first) if first.startswith("0") and len(first) > 1 else 0
        if width and len(end) != width:
            raise ValueError("a range with leading zeros has both ends of the same length")
        items = [str(one).zfill(width) for one in range(int(first), int(end) + 1, stride)]
    if not items:
        raise ValueError("a range counts up")
    return items
