"""Lookups of community.general that roles use."""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.resolve import lookup_lists, search
from kplay.resolve.filters.collections import combine
from kplay.resolve.filters.registry import kind_of
from kplay.resolve.lazy import settle
from kplay.resolve.unknown import Unknown, causes_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kplay.resolve.scope import Scope

Options = dict[str, Any]
_PATTERNS: dict[str, Callable[[str, str], bool]] = {
    "prefix": lambda name, pattern: name.startswith(pattern),
    "suffix": lambda name, pattern: name.endswith(pattern),
    "regex": lambda name, pattern: re.search(pattern, name) is not None,
}


def merge_variables(scope: Scope, terms: list[Any], options: Options) -> list[Any] | Unknown:
    """The variables whose names fit, lists joined and mappings combined, in order of name."""
    how = options.get("pattern_type", "regex")
    if how not in _PATTERNS:
        raise ValueError(f"pattern_type `{how}` is not one of {', '.join(_PATTERNS)}")
    found: list[Any] = []
    for term in terms:
        merged = options.get("initial_value")
        for name in _names(scope, str(term), how):
            value = settle(scope.lookup(name))
            if causes := causes_in(value):
                return Unknown(*causes)
            merged = value if merged is None else _joined(merged, value, options, name)
        found.append(merged)
    return found


def _names(scope: Scope, pattern: str, how: str) -> list[str]:
    return [name for name in scope.names() if _PATTERNS[how](name, pattern)]


def _joined(merged: Any, value: Any, options: Options, name: str) -> Any:
    if isinstance(merged, list) and isinstance(value, list):
        return merged + value
    if isinstance(merged, dict) and isinstance(value, dict):
        _overridden(merged, value, options, name)
        return combine(
            merged, value, recursive=True, list_merge=options.get("list_merge", "append_rp")
        )
    raise TypeError(f"`{name}` is {kind_of(value)}, what comes before it {kind_of(merged)}")


def _overridden(merged: dict[Any, Any], value: dict[Any, Any], options: Options, name: str) -> None:
    if options.get("override", "error") != "error":
        return
    for key in merged.keys() & value.keys():
        old, new = merged[key], value[key]
        if isinstance(old, dict) and isinstance(new, dict):
            _overridden(old, new, options, name)
        elif not isinstance(old, list) and old != new:
            raise ValueError(f"`{name}` would override the key `{key}`")


def filetree(scope: Scope, terms: list[Any], options: Options) -> list[Any]:
    """Everything below folders of the controller, with its attributes; files are not read."""
    patterns = [re.compile(one) for one in [options.get("exclude")] if one]
    found: list[Any] = []
    for term in terms:
        name = str(term)
        for base in search.candidates(scope, name, "files"):
            if base.is_dir():
                seen = {one["path"] for one in found}
                found += [one for one in _below(base, patterns) if one["path"] not in seen]
    return found


def _below(base: Path, excluded: list[re.Pattern[str]]) -> Iterator[dict[str, Any]]:
    for folder, folders, files in os.walk(base, topdown=True):
        for name in [*folders, *files]:
            path = Path(folder) / name
            if not any(one.match(name) for one in excluded):
                yield _entry(base, path)


def _entry(base: Path, path: Path) -> dict[str, Any]:
    about = path.lstat()
    kinds = {stat.S_IFLNK: "link", stat.S_IFDIR: "directory", stat.S_IFREG: "file"}
    entry: dict[str, Any] = {
        "root": str(base),
        "path": str(path.relative_to(base)),
        "state": kinds.get(stat.S_IFMT(about.st_mode), "other"),
    }
    if entry["state"] == "link":
        entry["src"] = str(path.readlink())
    elif entry["state"] == "file":
        entry["src"] = str(path)
    return entry | {
        "uid": about.st_uid,
        "gid": about.st_gid,
        "owner": _name_of(pwd.getpwuid, about.st_uid),
        "group": _name_of(grp.getgrgid, about.st_gid),
        "mode": f"0{stat.S_IMODE(about.st_mode):03o}",
        "size": about.st_size,
        "mtime": about.st_mtime,
        "ctime": about.st_ctime,
    }


def _name_of(read: Callable[[int], Any], number: int) -> Any:
    try:
        return read(number)[0]
    except KeyError:
        return number


COLLECTIONS: dict[str, Callable[[Scope, list[Any], Options], Any]] = {
    "community.general.cartesian": lookup_lists.nested,
    "community.general.filetree": filetree,
    "community.general.flattened": lookup_lists.flattened,
    "community.general.merge_variables": merge_variables,
}
