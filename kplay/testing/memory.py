"""The state of a host in memory, and the ways in which it is read."""

# The interface documents its methods, and the arguments that a host in memory has no use for.
# ruff: noqa: D102, ARG002, PLR0917

from __future__ import annotations

import fnmatch
import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from kplay.agent import limits
from kplay.agent.host import Completed, Host, Response, Stat, User
from kplay.modules.api import ModuleFailure
from kplay.testing.files import Entry, Files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kplay.agent.host import Content

    Does = Callable[[Any, "Sequence[str]"], Any]


class Unscripted(AssertionError):  # noqa: N818 - it is what the test lacks
    """A module ran a program that no ``when`` of the test speaks of."""


class _Answer(NamedTuple):
    prefix: tuple[str, ...]
    completed: Completed
    does: Does | None


class Memory(Host):
    """What a host is made of, and all that can be asked of it."""

    def __init__(self, now: float, uid: int, umask: int, facts: Mapping[str, Any]) -> None:
        """Start with root alone, and an empty root directory."""
        self.files = Files(now)
        self.now = now
        self.uid = uid
        self.umask = umask
        self.queries: list[tuple[str, ...]] = []
        self.fetched: list[str] = []
        self.blobs: dict[str, bytes] = {}
        self.sources: dict[str, str] = {}
        self.stdin = ""
        self.effects: dict[tuple[str, str], Any] = {}
        self.ports: set[tuple[str, int]] = set()
        self.pages: dict[str, Response] = {}
        self.reached: dict[tuple[str, int, str], dict[str, Any]] = {}
        self._facts = dict(facts)
        self._answers: list[_Answer] = []
        self._users: dict[str, User] = {}
        self._groups: dict[str, int] = {}

    def _stat(self, entry: Entry) -> Stat:
        names = {user.uid: user.name for user in reversed(list(self._users.values()))}
        groups = {number: name for name, number in reversed(list(self._groups.items()))}
        links = sum(1 for one in self.files.entries.values() if one is entry)
        return Stat(
            entry.state,
            entry.mode,
            entry.uid,
            entry.gid,
            names.get(entry.uid, str(entry.uid)),
            groups.get(entry.gid, str(entry.gid)),
            len(entry.data) if entry.state == "file" else len(entry.target) or 4096,
            entry.mtime,
            entry.target,
            entry.ino,
            1,
            links,
            entry.atime,
            entry.ctime,
        )

    def lstat(self, path: str) -> Stat | None:
        entry = self.files.find(path, follow=False)
        return self._stat(entry) if entry else None

    def stat(self, path: str) -> Stat | None:
        entry = self.files.find(path, follow=True)
        return self._stat(entry) if entry else None

    def read(self, path: str, limit: int = 0) -> bytes:
        entry = self.files.need(path)
        if entry.state != "file":
            raise ModuleFailure(f"{path}: is not a file")
        return entry.data[:limit] if limit else entry.data

    def digest(self, path: str, algorithm: str = "sha256") -> str:
        return hashlib.new(algorithm, self.read(path)).hexdigest()

    def listdir(self, path: str) -> list[str]:
        entry = self.files.find(path, follow=True)
        if entry is None or entry.state != "directory":
            return []
        return self.files.children(self.files.locate(path, follow=True))

    def glob(self, pattern: str) -> list[str]:
        depth = pattern.count("/")
        return sorted(
            path
            for path in self.files.entries
            if path.count("/") == depth and fnmatch.fnmatchcase(path, pattern)
        )

    def user(self, name: str) -> User | None:
        by_number = (user for user in self._users.values() if str(user.uid) == name)
        return self._users.get(name) or next(by_number, None)

    def group(self, name: str) -> tuple[str, int] | None:
        if name in self._groups:
            return (name, self._groups[name])
        by_number = (one for one in self._groups.items() if str(one[1]) == name)
        return next(by_number, None)

    def query(
        self,
        argv: Sequence[str],
        stdin: str = "",
        timeout: float = 60.0,
        most: int = 0,
        apart: bool = False,
    ) -> Completed:
        if not limits.reads_only(argv):
            raise ValueError(f"not a program that only reads: {' '.join(argv)}")
        self.stdin = stdin
        self.queries.append(tuple(argv))
        return self._answer(argv)

    def vouched(self, argv: Sequence[str], stdin: str = "", most: int = 0) -> Completed:
        self.stdin = stdin
        self.queries.append(tuple(argv))
        return self._answer(argv)

    def source(self, name: str) -> str:
        return self.sources[name]

    def which(self, program: str) -> str:
        if any(answer.prefix and answer.prefix[0] == program for answer in self._answers):
            return f"/usr/bin/{program}"
        found = [f"{d}/{program}" for d in ("/usr/local/bin", "/usr/bin", "/usr/sbin")]
        return next((path for path in found if self.stat(path)), "")

    def connect(self, host: str, port: int, timeout: float) -> bool:
        return (host, port) in self.ports

    def reach(
        self,
        targets: Sequence[Mapping[str, Any]],
        listen: Sequence[Mapping[str, Any]],
        name: str,
        patience: float,
        timeout: float,
    ) -> dict[str, Any]:
        """Answer as ``reached`` says, by address, port and protocol; else a port is closed."""
        attempts = []
        for one in targets:
            key = (one["address"], one.get("port", 0), one.get("protocol", "tcp"))
            attempts.append({"outcome": "refused", "at": self.now, **self.reached.get(key, {})})
        return {
            "attempts": attempts,
            "listened": [[one.get("protocol", "tcp"), one["port"]] for one in listen],
            "began": self.now,
            "ended": self.now,
        }

    def http(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes,
        timeout: float,
        verify: bool,
        follow: str,
        ca: str = "",
        cert: str = "",
        key: str = "",
        options: dict[str, Any] | None = None,
    ) -> Response:
        return self.pages.get(url) or Response(-1, {}, b"", "connection refused", url)

    def content(self, value: Content) -> bytes:
        if isinstance(value, str):
            return value.encode()
        self.fetched.append(value["$blob"])
        return self.blobs[value["$blob"]]

    def content_digest(self, value: Content) -> str:
        if isinstance(value, str):
            return hashlib.sha256(value.encode()).hexdigest()
        return str(value["$blob"])

    def effect(self, kind: str, key: str) -> Any:
        return self.effects.get((kind, key))

    def planned(self, kind: str) -> list[str]:
        return [key for found, key in self.effects if found == kind]

    def facts(self) -> dict[str, Any]:
        return {
            "sysname": "Linux",
            "nodename": "fake",
            "release": "6.1.0",
            "version": "#1 SMP",
            "machine": "x86_64",
            "now": self.now,
            "python": [3, 11, 2],
            "environ": {"HOME": "/root", "PATH": "/usr/bin:/usr/sbin"},
            "uid": self.uid,
            "umask": self.umask,
            **self._facts,
        }

    def scratch(self) -> bool:
        return False

    def _answer(self, argv: Sequence[str]) -> Completed:
        fitting = [a for a in self._answers if tuple(argv[: len(a.prefix)]) == a.prefix]
        if not fitting:
            raise Unscripted(f"no answer for {list(argv)}: say host.when({list(argv)!r}, …)")
        answer = max(reversed(fitting), key=lambda one: len(one.prefix))
        said = answer.does(self, argv) if answer.does else None
        if isinstance(said, Completed):
            return said
        return Completed(0, said, "") if isinstance(said, str) else answer.completed
