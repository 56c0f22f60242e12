"""The Host of a real host: reading as LocalProbe does, and every write there is."""

import errno
import os
import shutil
import stat
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Callable, Dict, Iterable, List, Optional, Sequence, Union

from kplay.agent import running
from kplay.agent.blobs import Blobs
from kplay.agent.host import Completed, Host
from kplay.agent.reading import LocalProbe, fault
from kplay.modules.api import ModuleFailure

if TYPE_CHECKING:
    from kplay.agent.host import Content


class LocalHost(LocalProbe, Host):
    """Reads and writes the host that the agent runs on, for one step."""

    def __init__(
        self,
        blobs: Blobs,
        env: Optional[Dict[str, str]] = None,
        output: Optional[running.Output] = None,
        cancelled: Optional[threading.Event] = None,
    ) -> None:
        LocalProbe.__init__(self, env)
        self.blobs = blobs
        self.output = output
        self.cancelled = cancelled or threading.Event()
        self._temporary: List[str] = []

    def content(self, value: "Content") -> bytes:
        """The bytes of a content argument, fetched when they are not here."""
        if isinstance(value, str):
            return LocalProbe.content(self, value)
        return self.blobs.read(value["$blob"], int(value["size"]))

    def write(
        self,
        path: str,
        content: "Union[bytes, Content]",
        mode: Optional[int] = None,
        owner: str = "",
        group: str = "",
    ) -> None:
        """Replace or create a file, atomically: beside it, fsynced, then renamed."""
        old = self.lstat(path)
        if old is not None and old.state == "directory":
            raise ModuleFailure("%s: is a directory" % path)
        kept = old if old is not None and old.state == "file" else None
        try:
            handle, beside = tempfile.mkstemp(
                prefix=".%s." % os.path.basename(path)[:100], dir=os.path.dirname(path) or "/"
            )
        except OSError as error:
            raise fault(path, error) from error
        try:
            try:
                with os.fdopen(handle, "wb") as stream:
                    for piece in self._pieces(content):
                        stream.write(piece)
                    stream.flush()
                    os.fsync(stream.fileno())
                if kept is not None:
                    _give(beside, kept.uid, kept.gid)
                self.chown(beside, owner, group)
                wanted = kept.mode if kept is not None else 0o666 & ~int(self.facts()["umask"])
                os.chmod(beside, wanted if mode is None else mode)
                _copy_label(path, beside)
                os.rename(beside, path)
            except BaseException:
                os.unlink(beside)
                raise
        except OSError as error:
            # A file that is a mount point (of a container) cannot be renamed over
            if error.errno == errno.EBUSY and kept is not None:
                self._overwrite(path, content, mode, owner, group)
                return
            raise fault(path, error) from error

    def _overwrite(
        self,
        path: str,
        content: "Union[bytes, Content]",
        mode: Optional[int],
        owner: str,
        group: str,
    ) -> None:
        try:
            with open(path, "wb") as stream:
                stream.writelines(self._pieces(content))
        except OSError as error:
            raise fault(path, error) from error
        self.chown(path, owner, group)
        if mode is not None:
            self.chmod(path, mode)

    def _pieces(self, content: "Union[bytes, Content]") -> "Iterable[bytes]":
        if isinstance(content, bytes):
            return (content,)
        if isinstance(content, str):
            return (LocalProbe.content(self, content),)
        return self.blobs.pieces(content["$blob"], int(content["size"]))

    def mkdir(self, path: str, mode: Optional[int] = None) -> None:
        """Make one directory."""
        try:
            os.mkdir(path)
            if mode is not None:
                os.chmod(path, mode)
        except OSError as error:
            raise fault(path, error) from error

    def symlink(self, target: str, path: str) -> None:
        """Make or replace a symbolic link."""
        self._replace(path, lambda beside: os.symlink(target, beside))

    def link(self, target: str, path: str) -> None:
        """Make or replace a hard link."""
        self._replace(path, lambda beside: os.link(target, beside))

    def _replace(self, path: str, make: "Callable[[str], None]") -> None:
        beside = "%s.kplay-%d" % (path, os.getpid())
        try:
            make(beside)
            try:
                os.rename(beside, path)
            finally:
                # Renaming one of two hard links of a file over the other leaves both
                if os.path.lexists(beside):
                    os.unlink(beside)
        except OSError as error:
            raise fault(path, error) from error

    def remove(self, path: str) -> None:
        """Remove a file, a link, or a directory with all in it."""
        try:
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)
        except FileNotFoundError:
            return
        except OSError as error:
            raise fault(path, error) from error

    def rename(self, source: str, target: str) -> None:
        """Rename within one file system."""
        try:
            os.rename(source, target)
        except OSError as error:
            raise fault(source, error) from error

    def chmod(self, path: str, mode: int) -> None:
        """Set permission bits."""
        try:
            os.chmod(path, mode)
        except OSError as error:
            raise fault(path, error) from error

    def chown(self, path: str, owner: str, group: str, follow: bool = True) -> None:
        """Set owner and group by name or number."""
        uid = gid = -1
        if owner:
            user = self.user(owner)
            if user is None and not owner.isdigit():
                raise ModuleFailure("failed to look up user %s" % owner)
            uid = user.uid if user else int(owner)
        if group:
            known = self.group(group)
            if known is None and not group.isdigit():
                raise ModuleFailure("failed to look up group %s" % group)
            gid = known[1] if known else int(group)
        if uid == -1 and gid == -1:
            return
        try:
            before = os.stat(path) if follow else os.lstat(path)
            os.chown(path, uid, gid, follow_symlinks=follow)
            # The kernel clears set-user-id and set-group-id bits of a file that changes hands
            special = stat.S_IMODE(before.st_mode) & 0o6000
            if special and not stat.S_ISLNK(before.st_mode):
                os.chmod(path, stat.S_IMODE(before.st_mode))
        except OSError as error:
            raise fault(path, error) from error

    def utime(self, path: str, atime: float, mtime: float) -> None:
        """Set times."""
        try:
            os.utime(path, (atime, mtime))
        except OSError as error:
            raise fault(path, error) from error

    def run(
        self,
        argv: Sequence[str],
        stdin: str = "",
        cwd: str = "",
        env: Optional[Dict[str, str]] = None,
        timeout: float = 0.0,
        stream: bool = False,
        shell: str = "",
        most: int = 0,
    ) -> Completed:
        """Run a program to its end."""
        words = [shell, "-c", argv[0]] if shell else list(argv)
        merged = running.environment(running.account(), self.env, env)
        output = self.output if stream else None
        return running.run(words, stdin, cwd, merged, timeout, output, most)

    def tempdir(self) -> str:
        """A new private directory, removed when the step ends."""
        path = tempfile.mkdtemp(prefix="kplay-")
        self._temporary.append(path)
        return path

    def sleep(self, seconds: float) -> None:
        """Wait; ends early when the run is cancelled."""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            if self.cancelled.wait(max(0.0, min(left, 1.0))):
                raise ModuleFailure("the run was cancelled while waiting", code="cancelled")
            if left <= 0:
                return

    def close(self) -> None:
        """Remove the step's temporary directories."""
        for path in self._temporary:
            shutil.rmtree(path, ignore_errors=True)
        self._temporary = []


def _give(path: str, uid: int, gid: int) -> None:
    try:
        os.chown(path, uid, gid)
    except PermissionError:
        return


def _copy_label(path: str, beside: str) -> None:
    try:
        label = os.getxattr(path, "security.selinux")
        os.setxattr(beside, "security.selinux", label)
    except OSError:
        return
