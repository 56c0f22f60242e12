"""What the planned steps of a host will have made, and of which paths they leave doubt."""

import posixpath
import re
from typing import Any, Dict, Iterator, List, Sequence, Tuple

from kplay.modules.api import UNKNOWN

_PATHS = ("path", "touched", "awaited")
"""Kinds of effects whose keys are paths."""

_STEM = re.compile(r"^[A-Za-z0-9]+(?:[-+_][A-Za-z0-9]+)*")


class Foreseen(object):
    """The effects of planned steps, the latest word on each thing last."""

    def __init__(self) -> None:
        self.log: List[List[Any]] = []
        self.kept = True
        """False in a run, where a step under ``check_mode: true`` makes nothing that lasts."""
        self._table: Dict[Tuple[str, str], Any] = {}
        self._told: Dict[Tuple[str, str], int] = {}

    def add(self, effects: Sequence[Sequence[Any]]) -> None:
        """Take the effects of one step."""
        if not self.kept:
            return
        for kind, given, value in effects:
            key = posixpath.normpath(given) if kind in _PATHS else given
            self.log.append([kind, key, value])
            self._told[kind, key] = len(self.log)
            if kind == "path":
                self._add_path(key, value)
            else:
                self._table[kind, key] = value

    def _add_path(self, key: str, value: Any) -> None:
        if not isinstance(value, dict):
            self._table["path", key] = value
            return
        before = self._table.get(("path", key))
        if value.get("state") == "absent":
            for kind, other in list(self._table):
                if kind == "path" and other.startswith(key.rstrip("/") + "/"):
                    del self._table[kind, other]
        elif isinstance(before, dict) and before.get("state") == value.get("state"):
            merged = dict(before, **value)
            if "content" in value and "digest" not in value:
                merged.pop("digest", None)
            if "digest" in value and "content" not in value:
                merged.pop("content", None)
            value = merged
        self._table["path", key] = value

    def get(self, kind: str, key: str) -> Any:
        """The latest word on a thing, or None."""
        return self._table.get((kind, posixpath.normpath(key) if kind in _PATHS else key))

    def keys(self, kind: str) -> List[str]:
        """The things of a kind that there is a word on."""
        return [key for found, key in self._table if found == kind]

    def doubt(self, path: str) -> str:
        """Why a path that is not there may be there all the same; empty where it cannot.

        A planned program may make what it names and what lies below that; a planned package may
        bring what lies in a folder of its name; a tree may hold what nobody has listed.
        """
        gone = self._gone(path)
        for above in _upwards(path):
            if self._told.get(("touched", above), 0) > gone:
                return str(self._table["touched", above]["cause"])
            known = self._table.get(("path", above))
            if isinstance(known, dict) and self._told["path", above] >= gone:
                if known.get("state") == "absent":
                    break
                if known.get("below") == UNKNOWN:
                    return "what is in %s" % above
        for part in path.split("/") if self.keys("brings") else ():
            for name in (part, _stem(part)):
                if self._told.get(("brings", name), 0) > gone and self._table["brings", name]:
                    bringer = self._table["brings", name]
                    return "whether the package %s brings %s" % (bringer, path)
        return ""

    def _gone(self, path: str) -> int:
        """When the path, or a directory that it lay in, was last removed."""
        removed = [
            self._told["path", above]
            for above in _upwards(path)
            if isinstance(self._table.get(("path", above)), dict)
            and self._table["path", above].get("state") == "absent"
        ]
        return max(removed or [0])

    def removed_by(self, path: str) -> str:
        """Why a path that is there may be gone, or empty."""
        made = self._told.get(("path", path), 0)
        for above in _upwards(path):
            if self._told.get(("touched", above), 0) > made:
                touched = self._table["touched", above]
                if touched["removes"]:
                    return str(touched["cause"])
        return ""

    def changed_by(self, path: str) -> str:
        """Why the content of a path that is there is not known any more, or empty."""
        if self._told.get(("touched", path), 0) > self._told.get(("path", path), 0):
            return str(self._table["touched", path]["cause"])
        return ""


def _upwards(path: str) -> Iterator[str]:
    while path not in ("/", ""):
        yield path
        path = posixpath.dirname(path)


def _stem(part: str) -> str:
    match = _STEM.match(part)
    return match.group(0) if match else ""
