"""Filters of community.general between values and CSV, INI, checksums and other texts."""

from __future__ import annotations

import configparser
import csv
import io
import random
import re
import unicodedata
import zlib
from typing import Any

from kplay.resolve.filters.encoding import to_nice_yaml, to_yaml
from kplay.resolve.filters.registry import kind_of


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"it takes a text, not {kind_of(value)}")
    return value


def from_csv(  # noqa: PLR0917 - its signature there
    value: Any,
    dialect: str = "excel",
    fieldnames: list[str] | None = None,
    delimiter: str | None = None,
    skipinitialspace: bool | None = None,
    strict: bool | None = None,
) -> list[Any]:
    """The rows of a CSV text, as mappings by the names of its first row."""
    if dialect not in csv.list_dialects():
        raise ValueError(f"`{dialect}` is not one of {', '.join(csv.list_dialects())}")
    given = {"delimiter": delimiter, "skipinitialspace": skipinitialspace, "strict": strict}
    options: dict[str, Any] = {name: one for name, one in given.items() if one is not None}
    rows = csv.DictReader(io.StringIO(_text(value)), fieldnames, dialect=dialect, **options)
    return [dict(row) for row in rows]


class _Ini(configparser.RawConfigParser):
    def optionxform(self, optionstr: str) -> str:
        """Keys keep their case."""
        return optionstr


def from_ini(value: Any) -> dict[str, dict[str, str]]:
    """The sections of an INI text."""
    parser = _Ini()
    parser.read_string(_text(value))
    return {section: dict(parser.items(section)) for section in parser.sections()}


def to_ini(value: Any) -> str:
    """A mapping of sections as an INI text."""
    if not isinstance(value, dict) or not value:
        raise TypeError(f"it takes a mapping of sections, not {kind_of(value) if value else value}")
    parser = _Ini()
    parser.read_dict(value)
    found = io.StringIO()
    parser.write(found)
    return found.getvalue().rstrip("\n") + "\n"


def crc32(value: Any) -> str:
    """The CRC-32 checksum of a text, in hexadecimal."""
    return f"{zlib.crc32(_text(value).encode()):x}"


def unicode_normalize(value: Any, form: str = "NFC") -> str:
    """A text in a normal form of Unicode."""
    if form not in ("NFC", "NFD", "NFKC", "NFKD"):
        raise ValueError(f"`{form}` is not one of NFC, NFD, NFKC, NFKD")
    return unicodedata.normalize(form, _text(value))  # type: ignore[arg-type]


def random_mac(value: Any, seed: Any = None) -> str:
    """A hardware address that begins so; the same for the same seed."""
    parts = _text(value).lower().split(":")
    if len(parts) > 5 or not all(re.fullmatch("[0-9a-f]{2}", one) for one in parts):
        raise ValueError(f"`{value}` is not the beginning of a hardware address: 52:54:00")
    source = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311
    rest = f"{source.randint(0x1000000000, 0xFFFFFFFFFF):x}"
    return ":".join([*parts, *re.findall("..", rest)])[:17]


def ansible_type(value: Any, alias: dict[str, str] | None = None) -> str:
    """A value's type with those of its elements: ``dict[str, int]``."""
    return _typed(value, alias or {})


def _typed(value: Any, alias: dict[str, str]) -> str:
    kinds = (bool, int, float, str, list, dict)
    found = next((one.__name__ for one in kinds if isinstance(value, one)), type(value).__name__)
    name = alias.get(found, found)
    if name != found or not isinstance(value, (list, dict)) or not value:
        return name
    parts = [list(value)] if isinstance(value, list) else [list(value), list(value.values())]
    inner = ["|".join(sorted({_outer(one, alias) for one in part})) for part in parts]
    return f"{name}[{', '.join(inner)}]"


def _outer(value: Any, alias: dict[str, str]) -> str:
    return _typed(value, alias).partition("[")[0]


def to_plain_yaml(value: Any, indent: int | None = None, **options: Any) -> str:
    """The value as YAML; vaulted values need no care here, they are open."""
    options.pop("redact_sensitive_values", None)
    return to_yaml(value, **options) if indent is None else to_yaml(value, indent=indent, **options)


def to_plain_nice_yaml(value: Any, indent: int = 4, **options: Any) -> str:
    """The value as YAML in block style."""
    options.pop("redact_sensitive_values", None)
    return to_nice_yaml(value, indent=indent, **options)


COLLECTIONS = {
    f"community.general.{name}": function
    for name, function in {
        "crc32": crc32,
        "from_csv": from_csv,
        "from_ini": from_ini,
        "random_mac": random_mac,
        "reveal_ansible_type": ansible_type,
        "to_ini": to_ini,
        "to_nice_yaml": to_plain_nice_yaml,
        "to_yaml": to_plain_yaml,
        "unicode_normalize": unicode_normalize,
    }.items()
}
