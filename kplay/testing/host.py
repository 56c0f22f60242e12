"""A host in memory: the Host interface without a machine."""

# The interface documents its methods; programs, paths and shells here are names, never used.
# ruff: noqa: D102, ARG002, PLR0917, S108, S604

from __future__ import annotations

import hashlib
import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

from kplay.agent.host import Completed, Response, User
from kplay.modules.api import ModuleFailure
from kplay.testing.files import Entry
from kplay.testing.memory import Memory, _Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kplay.agent.host import Content
    from kplay.testing.memory import Does

DIRECTORIES = ("/etc", "/home", "/root", "/tmp", "/usr/bin", "/usr/sbin", "/var/lib", "/proc/sys")


class Run(NamedTuple):
    """One program that was run."""

    argv: tuple[str, ...]
    stdin: str
    cwd: str
    env: dict[str, str]
    shell: str


class FakeHost(Memory):
    """A host whose files, users and programs are what a test says they are.

    Args:
        files: path to text or bytes; parent directories are made.
        dirs: paths of directories.
        links: path to target.
        users: names, or names with the fields of ``add_user``.
        groups: name to number.
        uid: whom the agent runs as.
        umask: as the agent has it.
        now: the host's clock, seconds since the epoch; ``sleep`` advances it.
        facts: what ``facts()`` says beside the clock.
    """

    def __init__(
        self,
        files: Mapping[str, str | bytes] | None = None,
        dirs: Iterable[str] = (),
        links: Mapping[str, str] | None = None,
        users: Mapping[str, Mapping[str, Any]] | Iterable[str] = (),
        groups: Mapping[str, int] | None = None,
        *,
        uid: int = 0,
        umask: int = 0o022,
        now: float = 1_700_000_000.0,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(now, uid, umask, facts or {})
        self.runs: list[Run] = []
        self.writes: list[tuple[str, str]] = []
        self.add_group("root", 0)
        self.add_user("root", uid=0, gid=0, home="/root", shell="/bin/bash")
        for name, number in (groups or {}).items():
            self.add_group(name, number)
        named = users if hasattr(users, "items") else {name: {} for name in users}
        for name, fields in named.items():
            self.add_user(name, **fields)
        for path in (*DIRECTORIES, *dirs):
            self.add_dir(path)
        for path, content in (files or {}).items():
            self.add_file(path, content)
        for path, target in (links or {}).items():
            self.add_link(path, target)

    def add_dir(self, path: str, mode: int = 0o755, owner: str = "", group: str = "") -> None:
        """Make a directory and its parents."""
        if path != "/" and self.files.find(posixpath.dirname(path), follow=True) is None:
            self.add_dir(posixpath.dirname(path))
        self._add(path, "directory", mode, owner, group)

    def add_file(
        self,
        path: str,
        content: str | bytes = b"",
        mode: int = 0o644,
        owner: str = "",
        group: str = "",
    ) -> None:
        """Make a file and its parent directories."""
        if self.files.find(posixpath.dirname(path), follow=True) is None:
            self.add_dir(posixpath.dirname(path))
        data = content.encode() if isinstance(content, str) else content
        self._add(path, "file", mode, owner, group).data = data

    def add_link(self, path: str, target: str) -> None:
        """Make a symbolic link and its parent directories."""
        if self.files.find(posixpath.dirname(path), follow=True) is None:
            self.add_dir(posixpath.dirname(path))
        self._add(path, "link", 0o777, "", "").target = target

    def _add(self, path: str, state: str, mode: int, owner: str, group: str) -> Entry:
        entry = Entry(state, mode, 0, 0, self.files.next_ino(), mtime=self.now, atime=self.now)
        entry.ctime = self.now
        where = self.files.place(path, follow=False) if path != "/" else path
        if not (state == "directory" and where in self.files.entries):
            self.files.add(where, entry)
        self._own(self.files.entries[where], owner, group)
        return self.files.entries[where]

    def add_group(self, name: str, gid: int | None = None) -> None:
        """Add or renumber a group."""
        if gid is None:
            gid = max([999, *(n for n in self._groups.values() if n < 60000)]) + 1
        self._groups[name] = gid

    def add_user(self, name: str, **fields: Any) -> None:
        """Add or replace a user; fields are those of ``User``, with plain defaults."""
        uid = fields.pop("uid", None)
        if uid is None:
            uid = max([999, *(user.uid for user in self._users.values() if user.uid < 60000)]) + 1
        gid = fields.pop("gid", None)
        if gid is None:
            if name not in self._groups:
                self.add_group(name)
            gid = self._groups[name]
        whole: dict[str, Any] = {
            "comment": "",
            "home": f"/home/{name}",
            "shell": "/bin/sh",
            "groups": (),
            "password": "!",
        }
        whole.update(fields)
        whole["groups"] = tuple(sorted(whole["groups"]))
        self._users[name] = User(name=name, uid=uid, gid=gid, **whole)

    def remove_user(self, name: str) -> None:
        """Forget a user."""
        del self._users[name]

    def remove_group(self, name: str) -> None:
        """Forget a group."""
        del self._groups[name]

    def when(
        self,
        argv_prefix: Sequence[str] | str,
        rc: int = 0,
        stdout: str = "",
        stderr: str = "",
        does: Does | None = None,
    ) -> FakeHost:
        """Say what a program answers; the longest prefix that fits wins, then the latest said.

        Args:
            argv_prefix: the first words of its argument list (text is split at spaces).
            rc: exit status.
            stdout: what it prints.
            stderr: what it complains.
            does: called with the host and argv before it ends (its standard input is
                ``host.stdin``); a Completed or text that it returns is the answer (text: standard
                output) in place of the one given here.
        """
        prefix = argv_prefix.split() if isinstance(argv_prefix, str) else argv_prefix
        self._answers.append(_Answer(tuple(prefix), Completed(rc, stdout, stderr), does))
        return self

    def blob(self, data: bytes) -> dict[str, Any]:
        """Keep bytes as the controller would, and return the reference to them."""
        digest = hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return {"$blob": digest, "size": len(data)}

    def serve(
        self,
        url: str,
        body: str | bytes = b"",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Say what a URL answers."""
        data = body.encode() if isinstance(body, str) else body
        self.pages[url] = Response(status, dict(headers or {}), data, "", url)

    def text(self, path: str) -> str:
        """A file's content, for assertions."""
        return self.files.need(path).data.decode()

    def state(self) -> tuple[object, ...]:
        """All that a module could have changed, as values that compare."""
        return (self.files.snapshot(), dict(self._users), dict(self._groups), tuple(self.runs))

    def _own(self, entry: Entry, owner: str, group: str) -> None:
        if owner:
            user = self.user(owner)
            if user is None and not owner.isdigit():
                raise ModuleFailure(f"failed to look up user {owner}")
            entry.uid = user.uid if user else int(owner)
        if group:
            known = self.group(group)
            if known is None and not group.isdigit():
                raise ModuleFailure(f"failed to look up group {group}")
            entry.gid = known[1] if known else int(group)

    def _new(self, path: str, state: str, mode: int) -> Entry:
        user = self.user(str(self.uid))
        gid = user.gid if user else 0
        entry = Entry(state, mode, self.uid, gid, self.files.next_ino())
        entry.mtime = entry.atime = entry.ctime = self.now
        self.files.add(self.files.place(path, follow=False), entry)
        return entry

    def write(
        self,
        path: str,
        content: bytes | Content,
        mode: int | None = None,
        owner: str = "",
        group: str = "",
    ) -> None:
        data = content if isinstance(content, bytes) else self.content(content)
        old = self.files.find(path, follow=False)
        if old is not None and old.state == "directory":
            raise ModuleFailure(f"{path}: is a directory")
        self.writes.append(("write", path))
        kept = old.mode if old is not None and old.state == "file" else 0o666 & ~self.umask
        entry = self._new(path, "file", kept if mode is None else mode)
        if old is not None and old.state == "file":
            entry.uid, entry.gid = old.uid, old.gid
        entry.data = data
        self._own(entry, owner, group)

    def mkdir(self, path: str, mode: int | None = None) -> None:
        if self.files.find(path, follow=False) is not None:
            raise ModuleFailure(f"{path}: File exists")
        self.writes.append(("mkdir", path))
        self._new(path, "directory", 0o777 & ~self.umask if mode is None else mode)

    def symlink(self, target: str, path: str) -> None:
        self.writes.append(("symlink", path))
        self._new(path, "link", 0o777).target = target

    def link(self, target: str, path: str) -> None:
        self.writes.append(("link", path))
        entry = self.files.need(target, follow=False)
        self.files.add(self.files.place(path, follow=False), entry)

    def remove(self, path: str) -> None:
        self.files.need(path, follow=False)
        self.writes.append(("remove", path))
        self.files.drop(self.files.locate(path, follow=False))

    def rename(self, source: str, target: str) -> None:
        self.files.need(source, follow=False)
        self.writes.append(("rename", target))
        self.files.move(
            self.files.locate(source, follow=False), self.files.place(target, follow=False)
        )

    def chmod(self, path: str, mode: int) -> None:
        self.writes.append(("chmod", path))
        self.files.need(path).mode = mode

    def chown(self, path: str, owner: str, group: str, follow: bool = True) -> None:
        self.writes.append(("chown", path))
        self._own(self.files.need(path, follow=follow), owner, group)

    def utime(self, path: str, atime: float, mtime: float) -> None:
        self.writes.append(("utime", path))
        entry = self.files.need(path)
        entry.atime, entry.mtime = atime, mtime

    def run(
        self,
        argv: Sequence[str],
        stdin: str = "",
        cwd: str = "",
        env: dict[str, str] | None = None,
        timeout: float = 0.0,
        stream: bool = False,
        shell: str = "",
        most: int = 0,
    ) -> Completed:
        self.stdin = stdin
        self.runs.append(Run(tuple(argv), stdin, cwd, dict(env or {}), shell))
        return self._answer(argv)

    def tempdir(self) -> str:
        path = f"/tmp/kplay-{self.files.next_ino()}"
        self._new(path, "directory", 0o700)
        return path

    def sleep(self, seconds: float) -> None:
        self.now += seconds
