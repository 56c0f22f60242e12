"""The tests of Ansible that public playbooks use (``x is defined``)."""

from __future__ import annotations

import operator
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from jinja2.tests import TESTS as JINJA

from kplay.resolve import address_tests
from kplay.resolve.filters import versions
from kplay.resolve.filters.formats import ansible_type
from kplay.resolve.filters.registry import Table, kind_of, safe_test, with_prefixes
from kplay.resolve.missing import Missing
from kplay.source import OpenedText, VaultText

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

_VAULT = b"$ANSIBLE_VAULT"
_WORDS = {
    **dict.fromkeys(("y", "yes", "on", "1", "true", "t"), True),
    **dict.fromkeys(("n", "no", "off", "0", "false", "f"), False),
}
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


def _field(result: Any, name: str, *, absent: bool = False) -> bool:
    if not isinstance(result, dict):
        raise TypeError(f"it takes a task's result, not {kind_of(result)}")
    return bool(result.get(name, absent))


def failed(result: Any) -> bool:
    """Whether a step failed."""
    return _field(result, "failed")


def succeeded(result: Any) -> bool:
    """Whether a step did not fail."""
    return not failed(result)


def changed(result: Any) -> bool:
    """Whether a step, or a turn of its loop, changed its host."""
    turns = result.get("results") if isinstance(result, dict) and "changed" not in result else None
    if isinstance(turns, list):
        return any(isinstance(one, dict) and bool(one.get("changed")) for one in turns)
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
    """Whether an asynchronous step is over; any other is."""
    return _field(result, "finished", absent=True)


def started(result: Any) -> bool:
    """Whether an asynchronous step has begun; any other has."""
    return _field(result, "started", absent=True)


def timedout(result: Any) -> bool:
    """Whether a step ran out of its ``timeout``."""
    return _field(result, "timedout") and bool(result["timedout"].get("period"))


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
    if strict is not None and version_type:
        raise ValueError("it takes `strict` or `version_type`, not both")
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
    if convert_bool and isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    return bool(value)


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


def _parts(value: Any, schemes: Any) -> SplitResult | None:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return parts if parts is not None and (schemes is None or parts.scheme in schemes) else None


def uri(value: Any, schemes: Any = None) -> bool:
    """Whether a text is a URI, of one of the schemes."""
    return _parts(value, schemes) is not None


def url(value: Any, schemes: Any = None) -> bool:
    """Whether a text is a URL: a URI with a host, or of a file."""
    parts = _parts(value, schemes)
    return parts is not None and bool(parts.netloc or parts.scheme == "file")


def urn(value: Any) -> bool:
    """Whether a text is a URN."""
    return _parts(value, ("urn",)) is not None


def vaulted_file(value: Any) -> bool:
    """Whether a file of the controller is vaulted."""
    with Path(value).open("rb") as file:
        return file.read(len(_VAULT)) == _VAULT


def _path(test: Callable[[Path], bool]) -> Callable[[Any], bool]:
    """A test of a path; what is no text is no path."""
    return lambda value: isinstance(value, str) and test(Path(value))


def nan(value: Any) -> bool:
    """Whether a number is none."""
    return isinstance(value, float) and value != value  # noqa: PLR0124 - only NaN differs


def vault_encrypted(value: Any) -> bool:
    """Whether a value was written with ``!vault``, opened or not."""
    return isinstance(value, OpenedText | VaultText)


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
    "timedout": timedout,
    "uri": uri,
    "url": url,
    "urn": urn,
    "vault_encrypted": vault_encrypted,
    "directory": _path(Path.is_dir),
    "is_dir": _path(Path.is_dir),
    "file": _path(Path.is_file),
    "is_file": _path(Path.is_file),
    "link": _path(Path.is_symlink),
    "is_link": _path(Path.is_symlink),
    "exists": _path(Path.exists),
    "link_exists": _path(lambda path: path.is_symlink() or path.exists()),
    "abs": _path(Path.is_absolute),
    "is_abs": _path(Path.is_absolute),
    "mount": _path(Path.is_mount),
    "is_mount": _path(Path.is_mount),
    "same_file": lambda value, other: Path(value).samefile(other),
    "is_same_file": lambda value, other: Path(value).samefile(other),
    "vaulted_file": vaulted_file,
}


def _all() -> dict[str, Callable[..., Any]]:
    found = with_prefixes({name: safe_test(name, cast("Any", one)) for name, one in JINJA.items()})
    own = {name: safe_test(name, function) for name, function in _ANSIBLE.items()}
    found.update(with_prefixes(own))
    found.update({name: safe_test(name, one) for name, one in address_tests.TESTS.items()})
    found["community.general.ansible_type"] = safe_test(
        "ansible_type", lambda value, wanted, alias=None: ansible_type(value, alias) in wanted
    )
    found.update(with_prefixes({"defined": defined, "undefined": undefined, "sameas": sameas}))
    return found


TESTS = Table(_all())


def test_names() -> frozenset[str]:
    """Every test that a template may name."""
    return frozenset(TESTS)
