"""What a Debian package file holds, and what its scripts do: read from its bytes."""

import io
import re
import tarfile
from typing import Any, Dict, List, Optional

LOOKED_AT = re.compile(
    r"^/(?:etc|opt|srv|bin|sbin|usr/bin|usr/sbin|usr/local|usr/libexec|var/lib"
    r"|(?:usr/)?lib/(?:systemd|cni|sysusers\.d))(?:/|$)"
)
"""Where other steps look; the rest of a package is of no interest to a plan."""

_KEPT = re.compile(r"^/etc/|^/(?:usr/)?lib/(?:systemd/system|sysusers\.d)/")
_LONGEST = 64 * 1024
_HEADER = 60

_ENABLES = re.compile(
    r"(?:deb-systemd-helper|systemctl)(?: -\S+)* enable(?: -\S+)*((?: +['\"]?[\w@.:-]+['\"]?)+)"
)
_STARTS = re.compile(
    r"(?:deb-systemd-invoke|systemctl)(?: -\S+)* (?:start|restart|\"?\$_dh_action\"?)"
    r"((?: +['\"]?[\w@.:-]+['\"]?)+)"
)
# kept enabled by an upgrade only: a fresh installation leaves it alone
_KEEPS = re.compile(r"deb-systemd-helper(?: -\S+)* debian-installed((?: +['\"]?[\w@.:-]+['\"]?)+)")
_INITS = re.compile(r"invoke-rc\.d(?: -\S+)* ([\w.-]+) (?:start|restart|\"?\$\w+\"?)")
_ACCOUNTS = re.compile(r"^\s*(?:if +!? *)?(adduser|useradd|addgroup|groupadd)\b(.*)$", re.MULTILINE)
_SYSUSERS = re.compile(r"^([ug])!? +([\w.-]+)", re.MULTILINE)


def contents(data: bytes) -> Optional[Dict[str, Any]]:
    """Give what is in a package: JSON-ready, or None where it cannot be read.

    ``entries`` are rows of path, state, mode, owner, group, target and, of short texts that other
    steps edit, content (latin-1); of paths where nobody looks there are none. ``conffiles`` are
    kept when they are there already. ``enables`` and ``starts`` are units, ``users`` and
    ``groups`` the accounts that its scripts make.
    """
    try:
        members = _members(data)
        control = _control(next(members[n] for n in members if n.startswith("control.tar")))
        packed = next(members[n] for n in members if n.startswith("data.tar"))
        entries = _entries(packed)
    except (ValueError, StopIteration, KeyError, EOFError, OSError, tarfile.TarError):
        return None
    script = re.sub(r"\\\n", " ", control.get("postinst", ""))
    users, groups = accounts(script)
    for path, _, _, _, _, _, text in entries:
        if text is not None and "/sysusers.d/" in path:
            for kind, name in _SYSUSERS.findall(text):
                groups.append(name)
                users += [name] if kind == "u" else []
    enables = set(_units(_ENABLES, script)) - set(_units(_KEEPS, script))
    starts = {*_units(_STARTS, script), *(one + ".service" for one in _INITS.findall(script))}
    return {
        "entries": entries,
        "conffiles": control.get("conffiles", "").split(),
        "enables": sorted(enables),
        "starts": sorted(starts),
        "users": sorted(set(users)),
        "groups": sorted(set(groups)),
    }


def _members(data: bytes) -> Dict[str, bytes]:
    if not data.startswith(b"!<arch>\n"):
        raise ValueError
    found, at = {}, 8
    while at + _HEADER <= len(data):
        name = data[at : at + 16].decode("ascii").strip().rstrip("/")
        size = int(data[at + 48 : at + 58])
        found[name] = data[at + _HEADER : at + _HEADER + size]
        at += _HEADER + size + size % 2
    return found


def _control(data: bytes) -> Dict[str, str]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as whole:
        for name in ("postinst", "conffiles"):
            for spelt in ("./" + name, name):
                if spelt in whole.getnames():
                    reader = whole.extractfile(spelt)
                    found[name] = reader.read().decode("utf-8", "replace") if reader else ""
    return found


def _entries(data: bytes) -> List[List[Any]]:
    rows = []  # type: List[List[Any]]
    with tarfile.open(fileobj=io.BytesIO(data)) as whole:
        for one in whole:
            path = "/" + one.name.lstrip("./").rstrip("/")
            if not LOOKED_AT.match(path):
                continue
            state = "directory" if one.isdir() else "link" if one.issym() else "file"
            text = None
            if one.isfile() and _KEPT.match(path) and one.size <= _LONGEST:
                reader = whole.extractfile(one)
                text = reader.read().decode("latin-1") if reader else None
            owner, group = one.uname or str(one.uid), one.gname or str(one.gid)
            mode = "%04o" % (one.mode & 0o7777)
            rows.append(
                [path, state, mode, owner, group, one.linkname if one.issym() else "", text]
            )
    return rows


def _units(pattern: "re.Pattern[str]", script: str) -> List[str]:
    words = [word.strip("'\"") for found in pattern.findall(script) for word in found.split()]
    return sorted({word if "." in word else word + ".service" for word in words})


def accounts(script: str) -> "tuple[List[str], List[str]]":
    """Give the users and groups that a maintainer script makes."""
    users, groups = [], []  # type: List[str], List[str]
    for program, rest in _ACCOUNTS.findall(script):
        words = re.split(r"[|&;<>]|\s2>", rest)[0].split()
        named = [_value(word, script) for word in words if not word.startswith("-")]
        options = [word for word in words if word.startswith("-")]
        name = named[-1] if named else ""
        if not name or "/" in name:
            continue
        alone = program in ("addgroup", "groupadd") or (
            program == "adduser" and "--group" in options and "--system" not in options
        )
        if not alone:
            users.append(name)
        if alone or "--group" in options or program == "useradd":
            groups.append(name)
    return users, groups


def _value(word: str, script: str) -> str:
    word = word.strip("'\"")
    if not word.startswith("$"):
        return word
    name = word.strip("${}")
    found = re.search(r"^\s*%s=['\"]?([\w.-]+)" % re.escape(name), script, re.MULTILINE)
    return found.group(1) if found else ""
