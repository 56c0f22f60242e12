"""Slots: the host's own record of each changing step, so that none is silently done twice.

One file a step: a JSON line when it starts, fsynced before anything is applied; a second with the
result when it has ended. A file with the first line alone is a step that was interrupted.
"""

import errno
import hashlib
import json
import os
import pwd
import tempfile
from typing import Any, Dict, List

from kplay.agent import cipher

RESERVED = 16 * 1024
"""Bytes set aside when a slot starts, so that its end can be written on a full disk."""


class DiskFull(Exception):
    """A slot cannot be written, so nothing may be applied."""


def base_directory() -> str:
    """Where this user's agent keeps its files."""
    if os.geteuid() == 0:
        return os.environ.get("KPLAY_STATE_DIRECTORY") or "/var/lib/kplay"
    try:
        home = pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        home = os.environ.get("HOME", "")
    if home and os.access(home, os.W_OK):
        return os.path.join(home, ".local", "state", "kplay")
    return os.path.join(tempfile.gettempdir(), "kplay-%d" % os.geteuid())


class Slots(object):
    """The slots of one run on one host."""

    def __init__(self, base: str, run: str, host: str, key: bytes) -> None:
        self.base = base
        self.key = key
        name = hashlib.sha256(("%s\0%s" % (run, host)).encode("utf-8")).hexdigest()[:32]
        self.directory = os.path.join(base, "runs", name)

    def start(self, step: str, module: str, no_log: bool, when: float) -> None:
        """Record that a step is about to be applied; on disk when this returns."""
        line = {"id": step, "module": module, "no_log": no_log, "started": when}
        data = json.dumps(line).encode("ascii") + b"\n"
        path = self._path(step)
        try:
            self._make()
            handle = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                _reserve(handle, len(data) + RESERVED)
                os.pwrite(handle, data, 0)
                os.fsync(handle)
            finally:
                os.close(handle)
            _sync_directory(self.directory)
        except OSError as error:
            self._forget(path)
            raise DiskFull("cannot write %s: %s" % (path, error.strerror)) from error

    def end(self, step: str, result: Dict[str, Any]) -> None:
        """Record the result of a step; when the disk is full, what fits of it."""
        handle = os.open(self._path(step), os.O_RDWR | os.O_CLOEXEC)
        try:
            first = os.pread(handle, 64 * 1024, 0).split(b"\n", 1)[0] + b"\n"
            no_log = bool(json.loads(first.decode("ascii")).get("no_log"))
            try:
                self._write_end(handle, len(first), result, no_log)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                short = {k: v for k, v in result.items() if k not in ("fields", "diff")}
                fields = result.get("fields", {})
                kept = {k: fields[k] for k in ("rc", "changed", "code") if k in fields}
                note = "the host's disk was full: the rest of this result is lost"
                short["fields"] = dict(kept, msg=str(fields.get("msg") or note)[:2000])
                short["before"], short["after"] = {}, {}
                self._write_end(handle, len(first), short, no_log)
            _sync_directory(self.directory)
        finally:
            os.close(handle)

    def _write_end(self, handle: int, at: int, result: Dict[str, Any], no_log: bool) -> None:
        text = json.dumps(result)
        line = {"sealed": cipher.seal(self.key, text.encode("ascii"))} if no_log else None
        data = json.dumps(line or {"result": result}).encode("ascii") + b"\n"
        written = 0
        while written < len(data):
            written += os.pwrite(handle, data[written:], at + written)
        os.ftruncate(handle, at + len(data))
        os.fsync(handle)

    def held(self) -> List[Dict[str, Any]]:
        """What is recorded and not acknowledged: id, no_log, state ended or interrupted, result."""
        found = []
        for name in _names(self.directory):
            if name.endswith(".slot"):
                one = self._read(os.path.join(self.directory, name))
                if one:
                    found.append(one)
        return sorted(found, key=lambda one: float(one["started"]))

    def _read(self, path: str) -> Dict[str, Any]:
        with open(path, "rb") as stream:
            lines = stream.read().split(b"\n")
        try:
            start = json.loads(lines[0].decode("ascii"))
        except ValueError:
            return {}
        answer = {key: start[key] for key in ("id", "started", "module", "no_log")}
        try:
            end = json.loads(lines[1].decode("ascii"))
            if "sealed" in end:
                text = cipher.unseal(self.key, end["sealed"]).decode("ascii")
                end = {"result": json.loads(text)}
            answer.update(state="ended", result=end["result"])
        except (ValueError, IndexError, KeyError):
            answer.update(state="interrupted", result=None)
        except cipher.SealError as error:
            fields = {"msg": str(error), "code": "sealed"}
            answer.update(state="ended", result={"failed": True, "fields": fields})
        return answer

    def acknowledge(self, steps: List[str]) -> None:
        """Remove slots whose results the controller has."""
        for step in steps:
            self._forget(self._path(step))

    def clear(self) -> None:
        """Remove the directories that are empty."""
        emptied = [self.directory, os.path.dirname(self.directory), self.base]
        if self.base.endswith("/.local/state/kplay"):
            emptied += [self.base[: -len("/kplay")], self.base[: -len("/state/kplay")]]
        for path in emptied:
            try:
                os.rmdir(path)
            except FileNotFoundError:
                continue
            except OSError:
                return

    def _path(self, step: str) -> str:
        return os.path.join(
            self.directory, hashlib.sha256(step.encode("utf-8")).hexdigest()[:32] + ".slot"
        )

    def _make(self) -> None:
        if not os.path.isdir(self.directory):
            make_private(self.base)
            make_private(os.path.dirname(self.directory))
            make_private(self.directory)
            _sync_directory(os.path.dirname(self.directory))

    def _forget(self, path: str) -> None:
        try:
            os.unlink(path)
        except OSError:
            return


def make_private(path: str) -> None:
    """Make a directory that only this user can enter; refuse one that another user made."""
    parent = os.path.dirname(path)
    if not os.path.isdir(parent):
        make_private(parent) if parent != "/" else None
    try:
        os.mkdir(path, 0o700)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise
        found = os.lstat(path)
        if found.st_uid != os.geteuid():
            raise OSError(errno.EPERM, "another user owns %s" % path) from None


def _names(directory: str) -> List[str]:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []


def _reserve(handle: int, size: int) -> None:
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError as error:
        # Some file systems (ZFS, some FUSE) have no reservation
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise


def _sync_directory(path: str) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
