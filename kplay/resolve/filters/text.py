"""Filters over text: regular expressions, splitting, quoting, comments."""

from __future__ import annotations

import re
import shlex
import uuid
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from kplay.resolve.faults import fault
from kplay.resolve.filters.registry import kind_of

_UUID_SPACE = uuid.UUID("361E6D51-FAEC-444A-9079-341386DA8E2E")
"""The namespace that Ansible's to_uuid documents."""
_POSIX_SPECIAL = re.compile(r"([].[^$*\\])")
_COMMENTS = {
    "plain": {"decoration": "# "},
    "erlang": {"decoration": "% "},
    "c": {"decoration": "// "},
    "cblock": {"beginning": "/*", "decoration": " * ", "end": " */"},
    "xml": {"beginning": "<!--", "decoration": " - ", "end": "-->"},
}


def _flags(ignorecase: bool, multiline: bool) -> int:
    return (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)


def regex_replace(  # noqa: PLR0917 - Ansible's signature
    value: Any = "",
    pattern: str = "",
    replacement: str = "",
    ignorecase: bool = False,
    multiline: bool = False,
    count: int = 0,
    mandatory_count: int = 0,
) -> str:
    """The text with every match replaced."""
    expression = re.compile(str(pattern), _flags(ignorecase, multiline))
    text, done = expression.subn(str(replacement), str(value), count)
    if mandatory_count and done != mandatory_count:
        raise ValueError(f"`{pattern}` matched {done} times, not {mandatory_count}")
    return text


def regex_search(
    value: Any, regex: str, *groups: str, ignorecase: bool = False, multiline: bool = False
) -> Any:
    r"""The first match; with groups (``\1``, ``\g<name>``), the list of them; none without one."""
    wanted = [_group(one) for one in groups]
    match = re.search(str(regex), str(value), _flags(ignorecase, multiline))
    if match is None:
        return None
    return [match.group(one) for one in wanted] if wanted else match.group()


def _group(reference: str) -> int | str:
    found = re.fullmatch(r"\\(?:g<(\S+)>|(\d+))", str(reference))
    if found is None:
        raise ValueError(f"`{reference}` is no reference to a group")
    name = found[1] or found[2]
    return int(name) if name.isdigit() else name


def regex_findall(
    value: Any, regex: str, multiline: bool = False, ignorecase: bool = False
) -> list[Any]:
    """Every match."""
    return re.findall(str(regex), str(value), _flags(ignorecase, multiline))


def regex_escape(value: Any, re_type: str = "python") -> str:
    """The text with what is special in a regular expression escaped."""
    if re_type == "python":
        return re.escape(str(value))
    if re_type == "posix_basic":
        return _POSIX_SPECIAL.sub(r"\\\1", str(value))
    raise ValueError(f"`{re_type}` is not one of python, posix_basic")


def quote(value: Any) -> str:
    """The text quoted for a shell."""
    return shlex.quote("" if value is None else str(value))


def split(value: str, separator: str | None = None, maxsplit: int = -1) -> list[str]:
    """The parts of a text."""
    return value.split(separator, maxsplit)


def to_uuid(value: Any, namespace: str | uuid.UUID = _UUID_SPACE) -> str:
    """A UUID made of a text, always the same for the same text."""
    space = namespace if isinstance(namespace, uuid.UUID) else uuid.UUID(str(namespace))
    return str(uuid.uuid5(space, str(value)))


def comment(text: str, style: str = "plain", **options: Any) -> str:
    """The text as a comment."""
    if style not in _COMMENTS:
        raise ValueError(f"`{style}` is not one of {', '.join(_COMMENTS)}")
    base: dict[str, Any] = {"newline": "\n", "beginning": "", "end": "", **_COMMENTS[style]}
    base |= {"prefix_count": 1, "postfix_count": 1, **options}
    newline, decoration = base["newline"], base["decoration"]
    prefix = base.get("prefix", decoration.rstrip())
    postfix = base.get("postfix", decoration.rstrip())
    body = text.split(newline)
    blank = decoration.rstrip()
    body = [f"{decoration}{one}" if one else blank for one in body[:-1]] + [decoration + body[-1]]
    lines = [base["beginning"]] if base["beginning"] else []
    lines += [prefix] * base["prefix_count"] if prefix else []
    lines += [*body, *[postfix] * base["postfix_count"]]
    lines += [base["end"]] if base["end"] else []
    return str(newline.join(lines))


def split_url(value: str, query: str = "") -> Any:
    """The parts of a URL, or one of them."""
    if not isinstance(value, str):
        raise TypeError(f"it takes a text, not {kind_of(value)}")
    parts = urlsplit(value)
    result = {
        name: getattr(parts, name)
        for name in (
            "fragment",
            "hostname",
            "netloc",
            "password",
            "path",
            "port",
            "query",
            "scheme",
            "username",
        )
    }
    if not query:
        return result
    if query not in result:
        raise fault("filter-failed", f"urlsplit has no part `{query}`")
    return result[query]


def urldecode(value: str) -> str:
    """The text behind a percent-encoded one."""
    return unquote_plus(value)


SAFE = {
    "regex_replace": regex_replace,
    "regex_search": regex_search,
    "regex_findall": regex_findall,
    "regex_escape": regex_escape,
    "quote": quote,
    "split": split,
    "to_uuid": to_uuid,
    "comment": comment,
    "urlsplit": split_url,
    "urldecode": urldecode,
}
