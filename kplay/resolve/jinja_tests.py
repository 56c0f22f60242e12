"""The tests of Ansible that public playbooks use (``x is defined``)."""

from __future__ import annotations

import operator
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from jinja2.tests import TESTS as JINJA

from kplay.resolve.filters import addresses, versions
from kplay.resolve.filters.basic import to_bool
from kplay.resolve.filters.registry import safe_test, with_prefixes
from kplay.resolve.missing import Missing
from kplay.source import VaultText

if TYPE_CHECKING:
    from collections.abc import Callable

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    name: function
    for names, function in (
        ("== = eq", operator.eq),
        ("!= <> ne", operator.ne),
        ("> gt", operator.gt),
        (">= ge", operator.ge),
        ("< lt", operator.lt),
        ("<= le", operator.le),
    )
    for name in names.split()
}


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


def sameas(value: Any, other: Any) -> bool:
    """Whether two values are one object."""
    return value is other


def _field(result: Any, *names: str) -> bool:
    if not isinstance(result, dict):
        raise TypeError(f"it takes a task's result, not a value of type `{type(result).__name__}`")
    return any(bool(result.get(name, False)) for name in names)


def failed(result: Any) -> bool:
    """Whether a step failed."""
    return _field(result, "failed")


def succeeded(result: Any) -> bool:
    """Whether a step did not fail."""
    return not failed(result)


def changed(result: Any) -> bool:
    """Whether a step changed its host."""
    return _field(result, "changed")


def skipped(result: Any) -> bool:
    """Whether a step was skipped."""
    return _field(result, "skipped")


def unreachable(result: Any) -> bool:
    """Whether a step's host could not be reached."""
    return _field(result, "unreachable")


def reachable(result: Any) -> bool:
    """Whether a step's host could be reached."""
    return not unreachable(result)


def finished(result: Any) -> bool:
    """Whether an asynchronous step is over."""
    return _field(result, "finished")


def started(result: Any) -> bool:
    """Whether an asynchronous step has begun."""
    return _field(result, "started")


def regex(
    value: Any,
    pattern: str = "",
    ignorecase: bool = False,
    multiline: bool = False,
    match_type: str = "search",
) -> bool:
    """Whether a regular expression matches: ``search``, ``match`` or ``fullmatch``."""
    flags = (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)
    return getattr(re.compile(str(pattern), flags), match_type)(str(value)) is not None


def match(value: Any, pattern: str = "", ignorecase: bool = False, multiline: bool = False) -> bool:
    """Whether a text begins with a match."""
    return regex(value, pattern, ignorecase, multiline, "match")


def search(
    value: Any, pattern: str = "", ignorecase: bool = False, multiline: bool = False
) -> bool:
    """Whether a text holds a match."""
    return regex(value, pattern, ignorecase, multiline, "search")


def version(
    value: Any,
    other: Any,
    operator: str = "eq",
    strict: bool | None = None,
    version_type: str | None = None,
) -> bool:
    """Whether a version compares so with another."""
    if operator not in _OPERATORS:
        raise ValueError(f"`{operator}` is not one of {', '.join(_OPERATORS)}")
    if not str(value):
        raise ValueError("the version is empty")
    if not str(other):
        raise ValueError("the version to compare with is empty")
    kind = version_type or ("strict" if strict else "loose")
    readers: dict[str, Callable[[str], Any]] = {
        "loose": versions.loose,
        "strict": versions.strict,
        "semver": versions.semantic,
        "semantic": versions.semantic,
        "pep440": versions.pep440,
    }
    if kind not in readers:
        raise ValueError(f"version_type `{kind}` is not one of {', '.join(readers)}")
    read = readers[kind]
    try:
        return bool(_OPERATORS[operator](read(str(value)), read(str(other))))
    except TypeError as error:
        raise ValueError(f"`{value}` and `{other}` cannot be compared") from error


def truthy(value: Any, convert_bool: bool = False) -> bool:
    """Whether a value counts as true."""
    return bool(to_bool(value) if convert_bool else value)


def falsy(value: Any, convert_bool: bool = False) -> bool:
    """Whether a value counts as false."""
    return not truthy(value, convert_bool)


def subset(value: Any, other: Any) -> bool:
    """Whether every element is in the other list."""
    return all(one in other for one in value)


def superset(value: Any, other: Any) -> bool:
    """Whether every element of the other list is here."""
    return all(one in value for one in other)


def contains(value: Any, element: Any) -> bool:
    """Whether an element is in a list."""
    return element in value


def uri(value: Any, schemes: list[str] | None = None) -> bool:
    """Whether a text is a URI."""
    parts = urlsplit(str(value))
    known = bool(parts.scheme and (parts.netloc or parts.path))
    return known and (schemes is None or parts.scheme in schemes)


def url(value: Any, schemes: list[str] | None = None) -> bool:
    """Whether a text is a URL: a URI with a host."""
    return uri(value, schemes) and bool(urlsplit(str(value)).netloc)


def _address(query: str) -> Callable[[Any], bool]:
    def test(value: Any) -> bool:
        return bool(addresses.ipaddr(value, query)) or addresses.ipaddr(value, query) == 0

    return test


def nan(value: Any) -> bool:
    """Whether a number is none."""
    return isinstance(value, float) and value != value  # noqa: PLR0124 - only NaN differs


_ANSIBLE: dict[str, Callable[..., Any]] = {
    "failed": failed,
    "failure": failed,
    "succeeded": succeeded,
    "success": succeeded,
    "successful": succeeded,
    "changed": changed,
    "change": changed,
    "skipped": skipped,
    "skip": skipped,
    "unreachable": unreachable,
    "reachable": reachable,
    "finished": finished,
    "started": started,
    "regex": regex,
    "match": match,
    "search": search,
    "version": version,
    "version_compare": version,
    "truthy": truthy,
    "falsy": falsy,
    "subset": subset,
    "issubset": subset,
    "superset": superset,
    "issuperset": superset,
    "contains": contains,
    "any": any,
    "all": all,
    "nan": nan,
    "isnan": nan,
    "uri": uri,
    "url": url,
    "vault_encrypted": lambda value: isinstance(value, VaultText),
    "directory": lambda value: Path(value).is_dir(),
    "is_dir": lambda value: Path(value).is_dir(),
    "file": lambda value: Path(value).is_file(),
    "is_file": lambda value: Path(value).is_file(),
    "link": lambda value: Path(value).is_symlink(),
    "is_link": lambda value: Path(value).is_symlink(),
    "exists": lambda value: Path(value).exists(),
    "link_exists": lambda value: Path(value).is_symlink() or Path(value).exists(),
    "abs": lambda value: Path(value).is_absolute(),
    "is_abs": lambda value: Path(value).is_absolute(),
    "mount": lambda value: Path(value).is_mount(),
    "is_mount": lambda value: Path(value).is_mount(),
    "same_file": lambda value, other: Path(value).samefile(other),
}
_ADDRESSES = {
    "ansible.utils." + name: _address(query)
    for name, query in (
        ("ip", ""),
        ("ip_address", ""),
        ("ipv4", "ipv4"),
        ("ipv6", "ipv6"),
        ("ipv4_address", "ipv4"),
        ("ipv6_address", "ipv6"),
        ("loopback", "loopback"),
        ("multicast", "multicast"),
        ("private", "private"),
        ("public", "public"),
    )
}


def _all() -> dict[str, Callable[..., Any]]:
    found = {name: safe_test(name, cast("Any", one)) for name, one in JINJA.items()}
    own = {name: safe_test(name, function) for name, function in _ANSIBLE.items()}
    found.update(with_prefixes(own))
    found.update({name: safe_test(name, one) for name, one in _ADDRESSES.items()})
    found.update(with_prefixes({"defined": defined, "undefined": undefined, "sameas": sameas}))
    return found


TESTS: dict[str, Callable[..., Any]] = _all()


def test_names() -> frozenset[str]:
    """Every test that a template may name."""
    return frozenset(TESTS)
