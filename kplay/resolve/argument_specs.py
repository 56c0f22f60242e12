"""Values checked against an argument spec, with Ansible's rules and words.

https://docs.ansible.com/ansible/latest/dev_guide/developing_program_flow_modules.html#argument-spec
describes types, choices, nested options and what requires or excludes what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kplay.modules import schema
from kplay.modules.api import Arg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Path = tuple[str, ...]


class Wrong(NamedTuple):
    """One thing that is wrong with the values."""

    message: str
    path: Path
    """Names from the outermost option to the one at fault."""
    secret: bool = False
    """Whether the value must not be shown (``no_log``)."""


def secrets(spec: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    """The values of options with ``no_log``, nested ones too."""
    names = _names(spec)
    for key, value in values.items():
        one = spec.get(names.get(key, ""), {})
        if _true(one.get("no_log")) and isinstance(value, str | int | float):
            yield str(value)
        if isinstance(one.get("options"), dict):
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, dict):
                    yield from secrets(one["options"], part)


def check(spec: Mapping[str, Any], values: Mapping[str, Any]) -> list[Wrong]:
    """Everything that is wrong with values, in the order of the spec; none is changed."""
    return list(_check(spec, values, {}, ()))


def _check(
    spec: Mapping[str, Any], values: Mapping[str, Any], rules: Mapping[str, Any], at: Path
) -> Iterator[Wrong]:
    names = _names(spec)
    given = {names[key]: value for key, value in values.items() if key in names}
    missing = [
        name for name, one in spec.items() if _true(one.get("required")) and name not in given
    ]
    if missing:
        text = f"missing required arguments: {', '.join(sorted(missing))}{_in(at)}"
        yield Wrong(text, (*at, min(missing)))
    for name, one in spec.items():
        if given.get(name) is not None:
            secret = _true(one.get("no_log"))
            for wrong in _option(name, one, given[name], at):
                yield wrong._replace(secret=True) if secret else wrong
    whole = {name: one.get("default") for name, one in spec.items()} | given
    yield from _relations(rules, whole, given, at)
    unknown = [str(key) for key in values if key not in names]
    if unknown:
        listed = ", ".join(".".join((*at, name)) for name in sorted(unknown))
        known = ", ".join(sorted(names))
        yield Wrong(f"{listed}. Supported parameters include: {known}.", (*at, unknown[0]))


def _names(spec: Mapping[str, Any]) -> dict[str, str]:
    names = {name: name for name in spec}
    for name, one in spec.items():
        names |= dict.fromkeys(one.get("aliases") or (), name)
    return names


def _option(name: str, one: Mapping[str, Any], value: Any, at: Path) -> Iterator[Wrong]:
    path = (*at, name)
    kind = str(one.get("type") or "str")
    found, fault = _converted(kind, value)
    if fault:
        text = f"argument '{name}' is of type {_kind(value)} and we were unable to convert to"
        yield Wrong(f"{text} {kind}{_in(at)}: {fault}", path)
        return
    inner = one.get("elements")
    if kind == "list" and inner:
        parts = []
        for part in found:
            element, fault = _converted(str(inner), part)
            if fault:
                text = f"Elements value for option '{name}'{_in(at)} is of type {_kind(part)}"
                yield Wrong(f"{text} and we were unable to convert to {inner}: {fault}", path)
            else:
                parts.append(element)
        found = parts
    yield from _choices(name, one, found, at)
    options = one.get("options")
    if isinstance(options, dict):
        for part in found if isinstance(found, list) else [found]:
            if isinstance(part, dict):
                yield from _check(options, part, one, path)


def _choices(name: str, one: Mapping[str, Any], value: Any, at: Path) -> Iterator[Wrong]:
    choices = one.get("choices")
    if not choices:
        return
    listed = ", ".join(map(str, choices))
    if isinstance(value, list):
        strange = [part for part in value if part not in choices]
        if strange:
            got = ", ".join(map(str, strange))
            text = f"value of {name} must be one or more of: {listed}{_in(at)}. Got no match for:"
            yield Wrong(f"{text} {got}", (*at, name))
    elif value not in choices:
        text = f"value of {name} must be one of: {listed}, got: {value}{_in(at)}"
        yield Wrong(text, (*at, name))


def _relations(
    rules: Mapping[str, Any], whole: Mapping[str, Any], given: Mapping[str, Any], at: Path
) -> Iterator[Wrong]:
    """What requires or excludes what among nested options."""

    def there(names: Sequence[str]) -> list[str]:
        return [name for name in names if given.get(name) is not None]

    for names in _lists(rules.get("mutually_exclusive")):
        if len(there(names)) > 1:
            yield Wrong(f"parameters are mutually exclusive: {'|'.join(names)}{_in(at)}", at)
    for names in _lists(rules.get("required_together")):
        if 0 < len(there(names)) < len(names):
            text = f"parameters are required together: {', '.join(names)}{_in(at)}"
            yield Wrong(text, at)
    for names in _lists(rules.get("required_one_of")):
        if not there(names):
            yield Wrong(f"one of the following is required: {', '.join(names)}{_in(at)}", at)
    for rule in rules.get("required_if") or ():
        key, value, needed = rule[:3]
        least = bool(rule[3]) if len(rule) > 3 else False
        missing = [name for name in needed if whole.get(name) is None]
        if whole.get(key) == value and missing and (not least or len(missing) == len(needed)):
            which = "any" if least else "all"
            listed = ", ".join(missing)
            text = f"{key} is {value} but {which} of the following are missing: {listed}{_in(at)}"
            yield Wrong(text, at)
    for key, needed in (rules.get("required_by") or {}).items():
        names = [needed] if isinstance(needed, str) else list(needed)
        missing = [name for name in names if given.get(name) is None]
        if given.get(key) is not None and missing:
            text = f"missing parameter(s) required by '{key}': {', '.join(missing)}{_in(at)}"
            yield Wrong(text, at)


def _lists(value: Any) -> list[list[str]]:
    if not value:
        return []
    return [list(value)] if isinstance(value[0], str) else [list(one) for one in value]


def _converted(kind: str, value: Any) -> tuple[Any, str]:
    """The value as a type, or why it is none of it."""
    if kind in ("raw", "any") or (kind in ("str", "path") and value is not None):
        text = str(value) if kind in ("str", "path") and not isinstance(value, str) else value
        return text, ""
    if kind in ("json", "jsonarg"):
        return value, ""
    if kind in ("bytes", "bits"):
        from kplay.resolve.filters.numbers import human_to_bytes

        try:
            return human_to_bytes(value, isbits=kind == "bits"), ""
        except Exception as error:  # noqa: BLE001 - the filter's own words
            return None, str(error)
    if kind not in ("int", "float", "bool", "list", "dict", "sid"):
        return None, f"there is no type `{kind}`"
    if kind == "sid":
        return value, ""
    try:
        return schema.convert(Arg(kind), value), ""
    except schema.Mismatch:
        return (
            None,
            f"{_quoted(value)} cannot be converted to {'an' if kind == 'int' else 'a'} {kind}",
        )


def _quoted(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


def _kind(value: Any) -> str:
    for kind in (bool, int, float, dict, list, str):
        if isinstance(value, kind):
            return kind.__name__
    return "NoneType" if value is None else type(value).__name__


def _in(at: Path) -> str:
    return f" found in {' -> '.join(at)}" if at else ""


def _true(value: Any) -> bool:
    return value is True or str(value).lower() in schema.TRUE
