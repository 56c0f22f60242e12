"""The Probe of a plan: the host as it is, under what earlier planned steps will have made."""

import fnmatch
import hashlib
import os
import posixpath
import re
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple

from kplay.agent.foreseen import Foreseen
from kplay.agent.host import Response, Stat, UnknownValue, User
from kplay.agent.reading import LocalProbe
from kplay.modules.api import UNKNOWN, ModuleFailure

if TYPE_CHECKING:
    from kplay.agent.host import Content

_MAGIC = re.compile(r"[*?\[]")
_MAX_LINKS = 40


class _Place(NamedTuple):
    """Where a path leads: its effect if it has one, what is really there if anything."""

    path: str
    effect: Optional[Dict[str, Any]]
    real: Optional[Stat]


class Overlay(LocalProbe):
    """Reads the host as it will be; there is nothing here that writes."""

    def __init__(
        self, foreseen: Foreseen, env: Optional[Dict[str, str]] = None, acting: str = ""
    ) -> None:
        LocalProbe.__init__(self, env)
        self.foreseen = foreseen
        self.acting = acting
        """A user that is planned only: what it makes is planned by another in its place."""

    def lstat(self, path: str) -> Optional[Stat]:
        """The path itself as it will be."""
        place = self._find(path, follow=False)
        return self._as_stat(place) if place else None

    def stat(self, path: str) -> Optional[Stat]:
        """What the path will lead to."""
        place = self._find(path, follow=True)
        return self._as_stat(place) if place else None

    def read(self, path: str, limit: int = 0) -> bytes:
        """The bytes that a file will have."""
        place = self._need(path)
        self._refuse_changed(place)
        if place.effect is not None and "content" in place.effect:
            content = place.effect["content"]
            if content == UNKNOWN:
                raise UnknownValue("the content of %s" % path)
            data = str(content).encode("latin-1")
            return data[:limit] if limit else data
        if place.effect is not None and ("digest" in place.effect or place.real is None):
            raise UnknownValue("the content of %s" % path)
        return LocalProbe.read(self, place.path, limit)

    def digest(self, path: str, algorithm: str = "sha256") -> str:
        """The digest that a file's content will have."""
        place = self._need(path)
        self._refuse_changed(place)
        effect = place.effect
        if (
            effect is not None
            and algorithm == "sha256"
            and effect.get("digest") not in (None, UNKNOWN)
        ):
            return str(effect["digest"])
        if effect is not None and ("content" in effect or "digest" in effect or not place.real):
            try:
                return hashlib.new(algorithm, self.read(path)).hexdigest()
            except ValueError:
                raise ModuleFailure("no digest called %s on this host" % algorithm) from None
        return LocalProbe.digest(self, place.path, algorithm)

    def listdir(self, path: str) -> List[str]:
        """Names that a directory will have."""
        place = self._find(path, follow=True)
        if place is None or self._as_stat(place).state != "directory":
            return []
        names = set(LocalProbe.listdir(self, place.path)) if place.real else set()
        start = place.path.rstrip("/") + "/"
        self._refuse_unlisted(place, start)
        for key in self.foreseen.keys("path"):
            if key.startswith(start):
                names.add(key[len(start) :].split("/", 1)[0])
        return sorted(name for name in names if self._find(start + name, follow=False))

    def glob(self, pattern: str) -> List[str]:
        """Paths that will match."""
        if not self.foreseen.log:
            return LocalProbe.glob(self, pattern)
        found = ["/"] if pattern.startswith("/") else [""]
        for part in [one for one in pattern.split("/") if one]:
            found = [path for base in found for path in self._matches(base, part)]
        return sorted(found)

    def _matches(self, base: str, part: str) -> List[str]:
        if not _MAGIC.search(part):
            path = posixpath.join(base, part)
            return [path] if self.lstat(path) else []
        names = fnmatch.filter(self.listdir(base or "."), part)
        return [posixpath.join(base, n) for n in names if part[0] == "." or n[0] != "."]

    def user(self, name: str) -> Optional[User]:
        """A user as it will be."""
        real = LocalProbe.user(self, name)
        named = self.foreseen.get("user", real.name if real else name)
        if named is None and not real and name.isdigit():
            for key in self.foreseen.keys("user"):
                value = self.foreseen.get("user", key)
                if isinstance(value, dict) and str(value.get("uid")) == name:
                    named, name = value, key
        if named is None:
            return real
        if not isinstance(named, dict) or named.get("state") == "absent":
            return None
        return self._as_user(real.name if real else name, named, real)

    def _as_user(self, name: str, value: Dict[str, Any], real: Optional[User]) -> User:
        base = real or User(name, -1, -1, "", "/home/" + name, "/bin/sh", (), "!")
        known = {
            field: value[field]
            for field in ("uid", "gid", "comment", "home", "shell", "password", "groups")
            if value.get(field) not in (None, UNKNOWN)
        }
        made = base._replace(**known)
        return made._replace(groups=tuple(sorted(made.groups)))

    def group(self, name: str) -> Optional[Tuple[str, int]]:
        """A group as it will be."""
        real = LocalProbe.group(self, name)
        value = self.foreseen.get("group", real[0] if real else name)
        if value is None:
            return real
        if not isinstance(value, dict) or value.get("state") == "absent":
            return None
        gid = value.get("gid")
        return (real[0] if real else name, gid if isinstance(gid, int) else real[1] if real else -1)

    def which(self, program: str) -> str:
        """Where a program will be found."""
        doubts: List[UnknownValue] = []
        for path in self.candidates(program):
            try:
                found = self.stat(path)
            except UnknownValue as doubt:
                doubts.append(doubt)
                continue
            if found and found.state == "file" and found.mode & 0o111:
                return path
        if doubts:
            raise doubts[0]
        return ""

    def facts(self) -> Dict[str, Any]:
        """What is known of the host, as the user has it who will act."""
        known = LocalProbe.facts(self)
        user = self.user(self.acting) if self.acting else None
        if user is not None:
            environ = dict(known["environ"], HOME=user.home, USER=user.name, LOGNAME=user.name)
            known.update(uid=user.uid, environ=environ)
        return known

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
        """One request that only reads."""
        if method.upper() not in ("GET", "HEAD"):
            raise ValueError("a plan sends no %s request" % method)
        return LocalProbe.http(
            self, method, url, headers, body, timeout, verify, follow, ca, cert, key, options
        )

    def content(self, value: "Content") -> bytes:
        """The bytes of a text; a blob is not fetched for a plan."""
        if isinstance(value, dict):
            raise UnknownValue("content that is sent when applying")
        return LocalProbe.content(self, value)

    def effect(self, kind: str, key: str) -> Any:
        """What earlier planned steps will have made."""
        return self.foreseen.get(kind, key)

    def planned(self, kind: str) -> List[str]:
        """The things of a kind that earlier planned steps will have made or removed."""
        return self.foreseen.keys(kind)

    def scratch(self) -> bool:
        """True: nothing is ever written through this."""
        return True

    def _refuse_changed(self, place: _Place) -> None:
        cause = self.foreseen.changed_by(place.path)
        if cause:
            raise UnknownValue("the content of %s, which %s may change" % (place.path, cause))

    def _refuse_unlisted(self, place: _Place, start: str) -> None:
        if place.effect is not None and place.effect.get("below") == UNKNOWN:
            raise UnknownValue("what is in %s" % place.path)
        for named in self.foreseen.keys("touched"):
            here = named + "/" == start or named.startswith(start)
            cause = self.foreseen.changed_by(named) if here else ""
            if cause:
                raise UnknownValue("what is in %s after %s" % (place.path, cause))

    def _need(self, path: str) -> _Place:
        place = self._find(path, follow=True)
        if place is None:
            raise ModuleFailure("%s: No such file or directory" % path, errno=2)
        if self._as_stat(place).state == "directory":
            raise ModuleFailure("%s: Is a directory" % path, errno=21)
        return place

    def _find(self, path: str, follow: bool) -> Optional[_Place]:
        if not self.foreseen.log:
            real = LocalProbe.stat(self, path) if follow else LocalProbe.lstat(self, path)
            return _Place(path, None, real) if real else None
        if not path.startswith("/"):
            path = posixpath.join(os.getcwd(), path)
        rest = [part for part in path.split("/") if part not in ("", ".")]
        here = _Place("/", self._effect_at("/"), LocalProbe.lstat(self, "/"))
        links = 0
        while rest:
            name = rest.pop(0)
            if name == "..":
                up = posixpath.dirname(here.path)
                here = _Place(up, self._effect_at(up), LocalProbe.lstat(self, up))
                continue
            found = self._step(here, posixpath.join(here.path, name))
            if found is None:
                return None
            target = self._link(found)
            if target is not None and (rest or follow):
                links += 1
                if links > _MAX_LINKS:
                    raise ModuleFailure("%s: too many symbolic links" % path)
                whole = posixpath.join(here.path, target)
                rest = [part for part in whole.split("/") if part not in ("", ".")] + rest
                here = _Place("/", self._effect_at("/"), LocalProbe.lstat(self, "/"))
                continue
            here = found
        return here

    def _step(self, parent: _Place, path: str) -> Optional[_Place]:
        effect = self._effect_at(path)
        if effect is not None and effect.get("state") == "absent":
            self._refuse_doubt(path)
            return None
        real = LocalProbe.lstat(self, path) if parent.real else None
        if effect is not None and real is not None:
            hidden = "below" in effect  # by what will be mounted there
            if hidden or effect.get("state") not in (None, real.state):
                real = None
        if effect is None and real is None:
            start = path + "/"
            if not any(key.startswith(start) for key in self.foreseen.keys("path")):
                self._refuse_doubt(path)
                return None
            effect = {"state": "directory"}
        remover = self.foreseen.removed_by(path)
        if remover:
            raise UnknownValue("whether %s leaves %s" % (remover, path))
        return _Place(path, effect, real)

    def _refuse_doubt(self, path: str) -> None:
        doubt = self.foreseen.doubt(path)
        if doubt:
            raise UnknownValue(doubt)

    def _effect_at(self, path: str) -> Optional[Dict[str, Any]]:
        value = self.foreseen.get("path", path)
        return value if isinstance(value, dict) and value != UNKNOWN else None

    @staticmethod
    def _link(place: _Place) -> Optional[str]:
        """Where a link leads, or the directory that will be mounted over another."""
        if place.effect is not None and place.effect.get("state") == "link":
            return str(place.effect.get("target") or "")
        if place.effect is not None and place.effect.get("bind"):
            return str(place.effect["bind"])
        if place.real is not None and place.real.state == "link":
            return place.real.target
        return None

    def _as_stat(self, place: _Place) -> Stat:
        effect, real = place.effect, place.real
        if effect is None:
            assert real is not None  # noqa: S101 - _step gives one of the two
            return real
        state = str(effect.get("state") or (real.state if real else "file"))
        me = self.facts()
        usual = {"directory": 0o777, "link": 0o777}.get(state, 0o666) & ~int(me["umask"])
        base = real or Stat(
            state, 0o777 if state == "link" else usual, int(me["uid"]), os.getegid(),
            "", "", 0, float(me["now"]), "",
        )  # fmt: skip
        owner = self.user(str(effect.get("owner") or base.uid))
        group = self.group(str(effect.get("group") or base.gid))
        return base._replace(
            state=state,
            mode=_mode(effect.get("mode"), base.mode),
            uid=owner.uid if owner else base.uid,
            gid=group[1] if group else base.gid,
            owner=owner.name if owner else str(effect.get("owner") or base.uid),
            group=group[0] if group else str(effect.get("group") or base.gid),
            size=_size(effect, base.size),
            target=str(effect.get("target") or base.target) if state == "link" else "",
        )


def _size(effect: Dict[str, Any], otherwise: int) -> int:
    if isinstance(effect.get("content"), str):
        return len(effect["content"])
    # Only the run can tell how long it will be
    return -1 if "content" in effect or "digest" in effect else otherwise


def _mode(value: Any, otherwise: int) -> int:
    if isinstance(value, int):
        return value
    if isinstance(value, str) and re.match(r"^[0-7]+$", value):
        return int(value, 8)
    return otherwise
