"""The texts of a project's files, for what the survey did not get to.

A name that some file defines out of sight makes a finding less than certain.
"""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

_KINDS = frozenset({".yml", ".yaml", ".json", ".ini", ".cfg", ".py", ".sh", ".j2", ""})
_NO_DEFINITIONS = frozenset({".j2", ".sh"})
_MOST_FILES = 20_000
_LARGEST = 512 * 1024


class Project:
    """Files under some folders, read when a rule first asks."""

    def __init__(
        self,
        folders: Iterable[Path],
        kinds: Container[str] | None = _KINDS,
        most: int = _MOST_FILES,
    ) -> None:
        """Take the folders; ``kinds`` are suffixes, None is any, ``most`` how many files."""
        self.folders = sorted({folder.resolve() for folder in folders if folder.is_dir()})
        self.kinds = kinds
        self.most = most
        self.whole = True
        """Whether all files were read, once they were: none too many, and none too large."""

    @cached_property
    def texts(self) -> dict[str, str]:
        """Path to text, of every file of a kind that a playbook may read."""
        found: dict[str, str] = {}
        seen = 0
        for folder in self.folders:
            for root, folders, names in os.walk(folder):
                folders[:] = sorted(
                    one for one in folders if one[0] != "." and one != "node_modules"
                )
                for name in sorted(names):
                    seen += 1
                    if seen > self.most:
                        self.whole = False
                        return found
                    path = os.path.join(root, name)  # noqa: PTH118 - thousands of them
                    if path in found or not (self.kinds is None or Path(name).suffix in self.kinds):
                        continue
                    text = text_of(path)
                    if text:
                        found[path] = text
                    elif text is None:
                        self.whole = False
        return found

    @cached_property
    def _definitions(self) -> list[tuple[str, str]]:
        return [
            (path, text)
            for path, text in self.texts.items()
            if Path(path).suffix not in _NO_DEFINITIONS
        ]

    def definition(self, name: str) -> str:
        """``file:line`` of something that may define a variable; empty when there is nothing."""
        word = re.escape(name)
        quoted = rf"[\"']?{word}[\"']?"
        pattern = re.compile(
            rf"^(?:\s*-)?[ \t{{,]*{quoted}\s*[:=](?![=])|register:\s*{quoted}\s*$|[\"']{word}[\"']"
            rf"|^[^#\n]*[\s{{,]{quoted}\s*(?:=[^=]|:\s)",
            re.MULTILINE,
        )
        for path, text in self._definitions:
            if name in text:
                found = pattern.search(text)
                if found is not None:
                    line = text.count("\n", 0, found.start() + len(found[0]) - 1) + 1
                    return f"{_near(path)}:{line}"
        return ""

    def mentions(self, text: str) -> int:
        """How often a text occurs, as whole words where it begins and ends with one."""
        pattern = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
        return sum(len(pattern.findall(one)) for one in self.texts.values() if text in one)


def text_of(path: str) -> str | None:
    """The text of a file, empty when it has none, None when it is too large to be read."""
    if not os.path.isfile(path):  # noqa: PTH113 - thousands of them; a pipe would hold us
        return ""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - thousands of them
            data = stream.read(_LARGEST + 1)
    except OSError:
        return ""
    if b"\0" in data[:1024]:
        return ""
    return data.decode("utf-8", "replace") if len(data) <= _LARGEST else None


def _near(path: str) -> str:
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
