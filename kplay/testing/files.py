"""A file tree in memory, with links, modes, owners and times."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from kplay.modules.api import ModuleFailure


@dataclass(slots=True, eq=False)
class Entry:
    """What one or more paths name; paths that share an entry are hard links of each other."""

    state: str
    mode: int
    uid: int
    gid: int
    ino: int
    data: bytes = b""
    target: str = ""
    mtime: float = 0.0
    atime: float = 0.0
    ctime: float = 0.0

    def facts(self) -> tuple[object, ...]:
        """All that can be told apart about the entry, reading times apart."""
        return (self.state, self.mode, self.uid, self.gid, self.data, self.target, self.mtime)


class Files:
    """Paths and what they name. Every path is absolute; ``/`` always exists."""

    def __init__(self, now: float) -> None:
        """Start with an empty root directory."""
        self.entries: dict[str, Entry] = {}
        self._ino = 1
        self.add("/", Entry("directory", 0o755, 0, 0, self.next_ino(), mtime=now))

    def next_ino(self) -> int:
        """A number that no entry has."""
        self._ino += 1
        return self._ino

    def add(self, path: str, entry: Entry) -> None:
        """Name an entry, replacing what the path named."""
        self.entries[path] = entry

    def locate(self, path: str, *, follow: bool) -> str:
        """The path with every link on the way resolved, the last one when following.

        Raises:
            ModuleFailure: the path is relative, or its links go round in circles.
        """
        if not path.startswith("/"):
            raise ModuleFailure(f"{path}: not an absolute path")
        parts = [part for part in path.split("/") if part not in ("", ".")]
        done = "/"
        hops = 0
        while parts:
            part = parts.pop(0)
            if part == "..":
                done = posixpath.dirname(done)
                continue
            here = posixpath.join(done, part)
            entry = self.entries.get(here)
            if entry is not None and entry.state == "link" and (parts or follow):
                hops += 1
                if hops > 40:
                    raise ModuleFailure(f"{path}: too many levels of symbolic links")
                if entry.target.startswith("/"):
                    done = "/"
                parts = [p for p in entry.target.split("/") if p not in ("", ".")] + parts
                continue
            done = here
        return done

    def find(self, path: str, *, follow: bool) -> Entry | None:
        """What a path names, or None."""
        try:
            return self.entries.get(self.locate(path, follow=follow))
        except ModuleFailure:
            return None

    def need(self, path: str, *, follow: bool = True) -> Entry:
        """What a path names.

        Raises:
            ModuleFailure: it names nothing.
        """
        entry = self.find(path, follow=follow)
        if entry is None:
            raise ModuleFailure(f"{path}: No such file or directory")
        return entry

    def place(self, path: str, *, follow: bool) -> str:
        """Where a new entry of that path goes.

        Raises:
            ModuleFailure: its directory does not exist.
        """
        where = self.locate(path, follow=follow)
        parent = self.entries.get(posixpath.dirname(where))
        if parent is None or parent.state != "directory":
            raise ModuleFailure(f"{path}: No such file or directory")
        return where

    def children(self, path: str) -> list[str]:
        """Names in a directory, sorted."""
        prefix = path if path.endswith("/") else path + "/"
        return sorted(
            one[len(prefix) :]
            for one in self.entries
            if one != "/" and one.startswith(prefix) and "/" not in one[len(prefix) :]
        )

    def drop(self, path: str) -> None:
        """Forget a path and all below it."""
        for one in [p for p in self.entries if p == path or p.startswith(path.rstrip("/") + "/")]:
            if one != "/":
                del self.entries[one]

    def move(self, source: str, target: str) -> None:
        """Give a path and all below it another name."""
        self.drop(target)
        for one in sorted(self.entries):
            if one == source or one.startswith(source + "/"):
                self.entries[target + one[len(source) :]] = self.entries.pop(one)

    def snapshot(self) -> dict[str, tuple[object, ...]]:
        """The whole tree as values that compare."""
        return {path: entry.facts() for path, entry in self.entries.items()}
