"""The Probe of a real host: all that can be read, nothing that can be written."""

import glob
import grp
import hashlib
import os
import pwd
import socket
import stat
import sys
import time
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

from kplay.agent import limits, loader, running
from kplay.agent.host import APART_REFUSED, Completed, Probe, Response, Stat, User
from kplay.modules.api import ModuleFailure

if TYPE_CHECKING:
    from kplay.agent.host import Content

_KINDS = (
    (stat.S_ISREG, "file"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISLNK, "link"),
    (stat.S_ISBLK, "block"),
    (stat.S_ISCHR, "char"),
    (stat.S_ISFIFO, "fifo"),
    (stat.S_ISSOCK, "socket"),
)


def owner_name(uid: int) -> str:
    """Name of a user, or the number as text."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    """Name of a group, or the number as text."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def fault(path: str, error: OSError) -> ModuleFailure:
    """What the operating system says of a path, as a failure of the module."""
    return ModuleFailure("%s: %s" % (path, error.strerror or error), errno=error.errno or 0)


class LocalProbe(Probe):
    """Reads the host that the agent runs on."""

    def __init__(self, env: Optional[Dict[str, str]] = None) -> None:
        self.env = dict(env or {})

    def lstat(self, path: str) -> Optional[Stat]:
        """The path itself, or None."""
        return self._stat(path, os.lstat)

    def stat(self, path: str) -> Optional[Stat]:
        """What the path leads to, or None."""
        return self._stat(path, os.stat)

    def _stat(self, path: str, ask: Any) -> Optional[Stat]:
        try:
            found = ask(path)
            target = os.readlink(path) if stat.S_ISLNK(found.st_mode) else ""
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise fault(path, error) from error
        except ValueError as error:
            raise ModuleFailure("%r: %s" % (path, error)) from error
        kind = next((name for is_kind, name in _KINDS if is_kind(found.st_mode)), "file")
        return Stat(
            state=kind,
            mode=stat.S_IMODE(found.st_mode),
            uid=found.st_uid,
            gid=found.st_gid,
            owner=owner_name(found.st_uid),
            group=group_name(found.st_gid),
            size=found.st_size,
            mtime=found.st_mtime,
            target=target,
            ino=found.st_ino,
            dev=found.st_dev,
            nlink=found.st_nlink,
            atime=found.st_atime,
            ctime=found.st_ctime,
        )

    def read(self, path: str, limit: int = 0) -> bytes:
        """The bytes of a file."""
        try:
            with open(path, "rb") as stream:
                return stream.read(limit) if limit else stream.read()
        except OSError as error:
            raise fault(path, error) from error

    def digest(self, path: str, algorithm: str = "sha256") -> str:
        """Hexadecimal digest of a file's content."""
        try:
            made = hashlib.new(algorithm)
        except ValueError:
            raise ModuleFailure("no digest called %s on this host" % algorithm) from None
        try:
            with open(path, "rb") as stream:
                for piece in iter(lambda: stream.read(1 << 20), b""):
                    made.update(piece)
        except OSError as error:
            raise fault(path, error) from error
        return made.hexdigest()

    def listdir(self, path: str) -> List[str]:
        """Names in a directory, sorted."""
        try:
            return sorted(os.listdir(path))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise fault(path, error) from error

    def glob(self, pattern: str) -> List[str]:
        """Paths that match, sorted."""
        return sorted(glob.glob(pattern))

    def user(self, name: str) -> Optional[User]:
        """A user by name or number."""
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            try:
                entry = pwd.getpwuid(int(name))
            except (KeyError, ValueError, OverflowError):
                return None
        groups = [one.gr_name for one in grp.getgrall() if entry.pw_name in one.gr_mem]
        return User(
            name=entry.pw_name,
            uid=entry.pw_uid,
            gid=entry.pw_gid,
            comment=entry.pw_gecos,
            home=entry.pw_dir,
            shell=entry.pw_shell,
            groups=tuple(sorted(set(groups))),
            password=_shadow(entry.pw_name),
        )

    def group(self, name: str) -> Optional[Tuple[str, int]]:
        """A group by name or number."""
        try:
            entry = grp.getgrnam(name)
        except KeyError:
            try:
                entry = grp.getgrgid(int(name))
            except (KeyError, ValueError, OverflowError):
                return None
        return (entry.gr_name, entry.gr_gid)

    def query(
        self,
        argv: Sequence[str],
        stdin: str = "",
        timeout: float = 60.0,
        most: int = 0,
        apart: bool = False,
    ) -> Completed:
        """Run a program of the list of readers."""
        if not limits.reads_only(argv):
            raise ValueError("not a program that only reads: %s" % " ".join(argv))
        locale = {"LC_ALL": "C", "LANGUAGE": "", "SYSTEMD_PAGER": ""}
        words = [*limits.apart(os.geteuid()), *argv] if apart else argv
        merged = running.environment(self.env, locale)
        done = running.run(words, stdin, env=merged, timeout=timeout, cap=most)
        # what unshare itself says where it may not, or is not there
        if apart and done.rc in (1, 127) and done.stderr.startswith("unshare:"):
            return done._replace(rc=APART_REFUSED)
        return done

    def vouched(self, argv: Sequence[str], stdin: str = "", most: int = 0) -> Completed:
        """Run a program that says of itself that it writes nothing."""
        merged = running.environment(running.account(), self.env)
        return running.run(argv, stdin, env=merged, cap=most)

    def source(self, name: str) -> str:
        """A text that was sent ahead of the step."""
        return loader.source(name)

    def which(self, program: str) -> str:
        """Absolute path of a program, or empty."""
        for path in self.candidates(program):
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
        return ""

    def candidates(self, program: str) -> List[str]:
        """Where a program would be found, in order."""
        if "/" in program:
            return [program]
        path = running.environment(self.env)["PATH"]
        return [os.path.join(part, program) for part in path.split(":")]

    def connect(self, host: str, port: int, timeout: float) -> bool:
        """Whether a TCP connection can be made."""
        try:
            socket.create_connection((host, int(port)), timeout or None).close()
        except (OSError, OverflowError):
            return False
        return True

    def reach(
        self,
        targets: Sequence[Dict[str, Any]],
        listen: Sequence[Dict[str, Any]],
        name: str,
        patience: float,
        timeout: float,
    ) -> Dict[str, Any]:
        """Whether packets arrive at many targets."""
        from kplay.agent import reaching

        return reaching.Reach(targets, listen, name, patience, timeout).run()

    def http(
        self,
        method: str,
        url: str,
        headers: Dict[str, str],
        body: bytes,
        timeout: float,
        verify: bool,
        follow: str,
        ca: str = "",
        cert: str = "",
        key: str = "",
        options: Optional[Dict[str, Any]] = None,
    ) -> Response:
        """One HTTP request from this host."""
        # TLS and URL handling are a third of the agent's start-up time, and most runs ask nothing
        from kplay.agent import fetching

        env = running.environment(self.env)
        proxies = {
            scheme: env.get(scheme + "_proxy") or env.get(scheme.upper() + "_PROXY") or ""
            for scheme in ("http", "https")
        }
        direct = _direct(url, env) or (options or {}).get("proxy") is False
        used = {} if direct else {k: v for k, v in proxies.items() if v}
        return fetching.request(
            method, url, headers, body, timeout, verify, follow, ca, cert, key, used, options
        )

    def content(self, value: "Content") -> bytes:
        """The bytes of a content argument that came with the step."""
        if isinstance(value, str):
            return value.encode("utf-8", "surrogateescape")
        raise ValueError("content is not fetched while planning: compare content_digest()")

    def content_digest(self, value: "Content") -> str:
        """SHA-256 of a content argument."""
        if isinstance(value, str):
            return hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()
        return str(value["$blob"])

    def effect(self, kind: str, key: str) -> Any:
        """Nothing is foreseen on a real host."""
        return None

    def planned(self, kind: str) -> List[str]:
        """Nothing is foreseen on a real host."""
        return []

    def facts(self) -> Dict[str, Any]:
        """What the agent knows of the host without asking a program."""
        names = os.uname()
        mask = os.umask(0o022)
        os.umask(mask)
        return {
            "sysname": names.sysname,
            "nodename": names.nodename,
            "release": names.release,
            "version": names.version,
            "machine": names.machine,
            "now": time.time(),
            "python": list(sys.version_info[:3]),
            "executable": sys.executable,
            "environ": running.environment(self.env),
            "uid": os.geteuid(),
            "umask": mask,
        }

    def scratch(self) -> bool:
        """False: this is the host itself."""
        return False


def _direct(url: str, env: Dict[str, str]) -> bool:
    import urllib.parse

    host = urllib.parse.urlsplit(url).hostname or ""
    for part in (env.get("no_proxy") or env.get("NO_PROXY") or "").split(","):
        name = part.strip().lstrip(".")
        if name == "*" or (name and (host == name or host.endswith("." + name))):
            return True
    return False


def _shadow(name: str) -> str:
    try:
        with open("/etc/shadow", "rb") as stream:
            for line in stream:
                fields = line.decode("utf-8", "replace").split(":")
                if fields[0] == name and len(fields) > 1:
                    return fields[1]
    except OSError:
        return ""
    return ""
