"""What a run has made of variables, as JSON-able data and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.resolve.unknown import PartialResult, Unknown
from kplay.source import Sourced, UnsafeText, made_up

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNKNOWN, _FIELDS, _UNSAFE = "$unknown", "$fields", "$unsafe"


def pack(
    facts: Mapping[str, Mapping[str, object]],
    settled: Mapping[str, Mapping[str, object]],
    included: Mapping[str, Mapping[str, object]],
) -> dict[str, Any]:
    """Three tables by host as JSON-able data."""
    return {
        "facts": {host: pack_value(dict(table)) for host, table in facts.items()},
        "settled": {host: pack_value(dict(table)) for host, table in settled.items()},
        "included": {
            host: {name: _written(value) for name, value in table.items()}
            for host, table in included.items()
        },
    }


def pack_value(value: Any) -> Any:
    """One value as JSON-able data; Unknowns keep their causes."""
    if isinstance(value, Unknown):
        return {_UNKNOWN: list(value.causes)}
    if isinstance(value, PartialResult):
        return {_UNKNOWN: list(value.causes), _FIELDS: pack_value(value.known())}
    if isinstance(value, UnsafeText):
        return {_UNSAFE: str(value)}
    if isinstance(value, dict):
        return {str(key): pack_value(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [pack_value(part) for part in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


def unpack(value: Any) -> Any:
    """The value that ``pack_value`` made data of."""
    if isinstance(value, list):
        return [unpack(part) for part in value]
    if isinstance(value, dict):
        if _FIELDS in value:
            return PartialResult(unpack(value[_FIELDS]), *value[_UNKNOWN])
        if _UNKNOWN in value:
            return Unknown(*value[_UNKNOWN])
        if _UNSAFE in value:
            return UnsafeText(value[_UNSAFE])
        return {key: unpack(part) for key, part in value.items()}
    return value


def _written(value: object) -> dict[str, Any]:
    if isinstance(value, Sourced):
        return {"template": pack_value(value.value), "file": value.document.file}
    return {"value": pack_value(value)}


def unpack_written(table: Mapping[str, Any]) -> dict[str, object]:
    """Variables of include_vars, templates again Sourced (with their file, not their line)."""
    return {
        name: made_up(unpack(data["template"]), data["file"])
        if "template" in data
        else unpack(data["value"])
        for name, data in table.items()
    }
