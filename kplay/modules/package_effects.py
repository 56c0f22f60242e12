"""What a planned installation will have made: files, units and users, as far as known."""

import re
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, Sequence, Tuple

from kplay.modules import deb_file
from kplay.modules.api import UNKNOWN, Effect
from kplay.modules.packages_listed import LISTED, RELEASE
from kplay.modules.packages_table import TABLE, Brings

if TYPE_CHECKING:
    from kplay.agent.host import Probe

UNIT_FILE = re.compile(r"^/(?:usr/)?lib/systemd/system/([^/]+\.(?:service|socket|timer|path))$")

CONDITION = re.compile(r"^(?:Condition|Assert)(\w+)=(.+)$", re.MULTILINE)

PROGRAM = re.compile(r"^.*/(?:s?bin|cni)(?:/bin)?/[^/]+$")

# packages whose files lie in the folder of the name before the hyphen
_SIBLINGS = ("-common", "-server", "-base", "-core", "-data")

ROW = re.compile(r"^([-dlh])\S+ \S+ +\d+ \S+ \S+ \.?(/.*?)(?: -> (.*)| link to .*)?$")

_LARGEST = 128 * 1024 * 1024
"""Bytes of a package file that a plan reads."""


def of_installed(probe: "Probe", versions: Dict[str, str], starts: bool) -> List[Effect]:
    """Give the effects of installing packages; a version may be empty for one not known yet."""
    effects = []  # type: List[Effect]
    for name, version in sorted(versions.items()):
        bare = name.partition(":")[0]
        value = {"state": "present", "version": version or None}
        effects.append(Effect("package", bare, value))
        brings = TABLE.get(bare)
        listed = LISTED.get(bare) if probe.scratch() and _is_listed(probe) else None
        if listed is None:
            effects += [Effect("brings", stem, bare) for stem in stems(bare)]
        else:
            effects += of_list(probe, bare, listed)
        if brings is None:
            continue
        effects += table_units(probe, brings, starts)
        effects += paths(probe, brings.directories, "directory")
        effects += paths(probe, brings.files, "file")
        effects += [
            Effect("user", user, {"name": user, "uid": UNKNOWN, "gid": UNKNOWN})
            for user in brings.users
            if probe.user(user) is None
        ]
    return effects


def table_units(probe: "Probe", brings: Brings, starts: bool) -> List[Effect]:
    """Give the units of a package that the table knows."""
    effects = units(probe, brings.units, starts, True)
    effects += units(probe, brings.idle, False, True)
    effects += units(probe, brings.unsure, UNKNOWN, True)
    return effects + units(probe, brings.dormant, False, False)


def _is_listed(probe: "Probe") -> bool:
    """Say whether the host is of the release whose packages are listed."""
    if probe.stat("/etc/os-release") is None:
        return False
    text = probe.read("/etc/os-release").decode("utf-8", "replace")
    return re.search(r"^VERSION_CODENAME=\"?%s\b" % RELEASE, text, re.MULTILINE) is not None


def of_list(probe: "Probe", name: str, listed: str) -> List[Effect]:
    """Give the paths of a package as ``packages_listed`` writes them."""
    effects = []  # type: List[Effect]
    for word in listed.split():
        path, _, mode = word.partition("=")
        path, _, target = path.partition(">")
        path = merged(probe, path.rstrip("/*?"))
        if probe.lstat(path) is not None:
            continue
        if word.endswith("?"):
            cause = "whether the package %s brings %s" % (name, path)
            effects.append(Effect("touched", path, {"cause": cause, "removes": False}))
        elif target:
            effects.append(Effect("path", path, {"state": "link", "target": target}))
        else:
            state = "directory" if word.rstrip("*").partition("=")[0].endswith("/") else "file"
            (made,) = paths(probe, [path], state)
            value = dict(made.value, mode=mode) if mode else dict(made.value)
            if word.endswith("/*"):
                value["below"] = UNKNOWN
            effects.append(Effect("path", path, value))
    return effects


def stems(name: str) -> List[str]:
    """Give the words by which a package names its folders and files."""
    found = [name, name.replace("-", "")]
    found += [name[: -len(end)] for end in _SIBLINGS if name.endswith(end)]
    return list(dict.fromkeys(found))


def of_removed(probe: "Probe", names: Iterable[str], purge: bool) -> List[Effect]:
    """Give the effects of removing packages; their configuration stays unless purged."""
    effects = []  # type: List[Effect]
    for name in sorted(names):
        bare = name.partition(":")[0]
        planned = probe.effect("package", bare) or {}
        files = list(planned.get("files", ())) or _files(probe, bare)
        kept = () if purge else [*planned.get("conffiles", ()), *_conffiles(probe, bare)]
        for path in files:
            stat = probe.lstat(path)
            if stat is not None and stat.state != "directory" and path not in kept:
                effects.append(Effect("path", path, {"state": "absent"}))
            unit = UNIT_FILE.match(path)
            if unit:
                effects.append(Effect("unit", unit.group(1), GONE))
        cause = {"cause": "the removal of %s" % bare, "removes": True}
        effects += [
            Effect("touched", path, cause)
            for path in files
            if path.count("/") > 1 and bare in path.split("/") and _directory(probe, path)
        ]
        effects += [Effect("brings", stem, "") for stem in stems(bare)]
        effects.append(Effect("package", bare, {"state": "absent", "version": None}))
        brings = TABLE.get(bare)
        effects += [Effect("unit", unit, GONE) for unit in (brings.all_units() if brings else ())]
    return effects


GONE = {"exists": False, "active": False, "enabled": False, "masked": False}


def _directory(probe: "Probe", path: str) -> bool:
    stat = probe.lstat(path)
    return stat is not None and stat.state == "directory"


def _files(probe: "Probe", name: str) -> List[str]:
    done = probe.query(["dpkg", "-L", name])
    paths = done.stdout.splitlines() if done.rc == 0 else []
    return [merged(probe, path) for path in paths if deb_file.LOOKED_AT.match(path)]


def _conffiles(probe: "Probe", name: str) -> List[str]:
    done = probe.query(["dpkg-query", "-W", "-f", "${Conffiles}", name])
    return [line.split()[0] for line in done.stdout.splitlines() if line.strip()]


def of_package(probe: "Probe", path: str, name: str, version: str, starts: bool) -> List[Effect]:
    """Give the effects that a package file tells of itself; none where it is not there yet.

    A file that an earlier planned step brings was read on the controller.
    """
    planned = probe.effect("path", path)
    if isinstance(planned, dict):
        holds = planned.get("package")
        return of_contents(probe, name, version, holds, starts) if holds else []
    stat = probe.stat(path)
    if stat is None:
        return []
    holds = deb_file.contents(probe.read(path)) if stat.size < _LARGEST else None
    if holds is None:
        return of_file(probe, path, name, starts)
    return of_contents(probe, name, version, holds, starts)


def in_archives(probe: "Probe", name: str, version: str) -> str:
    """Give the file of a package in apt's cache, empty when it is not there."""
    written = version.replace(":", "%3a")
    pattern = "/var/cache/apt/archives/%s_%s_*.deb" % (name.partition(":")[0], written)
    return next(iter(probe.glob(pattern) if version else []), "")


def of_contents(
    probe: "Probe", name: str, version: str, holds: Dict[str, Any], starts: bool
) -> List[Effect]:
    """Give the effects of installing what was read from a package file."""
    effects = []  # type: List[Effect]
    files = []  # type: List[str]
    brings = TABLE.get(name)
    told = brings.all_units() if brings else ()
    if brings:
        # what was seen of it goes before what its scripts say
        effects += table_units(probe, brings, starts)
    for packed, state, mode, owner, group, target, text in holds["entries"]:
        path = merged(probe, packed)
        files.append(path)
        there = probe.lstat(path)
        unit = UNIT_FILE.match(path)
        if unit and there is None and "@" not in path and unit.group(1) not in told:
            effects += _unit(probe, unit.group(1), (target, text), holds, starts)
        if there is not None and (state == "directory" or path in holds["conffiles"]):
            continue
        value = {"state": state, "mode": mode, "owner": owner, "group": group}
        if state == "link":
            value = {"state": "link", "target": target}
        elif state == "file":
            value["content"] = UNKNOWN if text is None else text
        effects.append(Effect("path", path, value))
    effects += [
        Effect("group", one, {"name": one, "gid": UNKNOWN})
        for one in holds["groups"]
        if probe.group(one) is None
    ]
    effects += [
        Effect("user", one, {"name": one, "uid": UNKNOWN, "gid": UNKNOWN})
        for one in holds["users"]
        if probe.user(one) is None
    ]
    whole = {"state": "present", "version": version or None, "files": files}
    effects.append(Effect("package", name, dict(whole, conffiles=holds["conffiles"])))
    return effects


def _unit(
    probe: "Probe", unit: str, held: Tuple[str, Optional[str]], holds: Dict[str, Any], starts: bool
) -> List[Effect]:
    target, text = held
    if target:
        if target != "/dev/null":
            return []
        return [Effect("unit", unit, dict(GONE, exists=True, masked=True))]
    text = text or ""
    # systemd calls a unit that has no such section static, which is as good as enabled
    enabled = unit in holds["enables"] if "[Install]" in text else True
    passes = "Type=oneshot" in text and "RemainAfterExit" not in text
    # deb-systemd-invoke leaves what is disabled
    active = starts and enabled and unit in holds["starts"] and not passes
    return units(probe, [unit], _met(probe, text) if active else False, enabled)


def _met(probe: "Probe", text: str) -> Any:
    """Say whether a unit's conditions hold; UNKNOWN where that is not looked at here."""
    verdict = True  # type: Any
    for name, value in CONDITION.findall(text):
        path = value.lstrip("|!").strip()
        if name not in ("PathExists", "FileNotEmpty") or value.startswith("|"):
            verdict = UNKNOWN
            continue
        stat = probe.stat(path)
        holds = stat is not None and (name == "PathExists" or stat.size != 0)
        if holds == value.startswith("!"):
            return False
    return verdict


def of_file(probe: "Probe", path: str, name: str, starts: bool) -> List[Effect]:
    """Give the effects that a package file on the host tells of itself."""
    done = probe.query(["dpkg-deb", "-c", path])
    known = TABLE.get(name)
    told = known.all_units() if known else ()
    effects = []  # type: List[Effect]
    for line in done.stdout.splitlines() if done.rc == 0 else []:
        match = ROW.match(line)
        if not match or not deb_file.LOOKED_AT.match(match.group(2)):
            continue
        where = match.group(2).rstrip("/")
        unit = UNIT_FILE.match(where)
        if unit and unit.group(1) not in told and "@" not in unit.group(1):
            # whether it is started lies in the package's scripts
            active = UNKNOWN if starts else False
            value = {"exists": True, "active": active, "enabled": UNKNOWN, "masked": False}
            effects.append(Effect("unit", unit.group(1), value))
        if match.group(1) == "l":
            where = merged(probe, where)
            if probe.lstat(where) is None:
                link = {"state": "link", "target": match.group(3) or ""}
                effects.append(Effect("path", where, link))
        else:
            effects += paths(probe, [where], "directory" if match.group(1) == "d" else "file")
    return effects


def units(probe: "Probe", names: Sequence[str], active: Any, enabled: bool) -> List[Effect]:
    """Give units as the package leaves them; one that is there or masked stays as it is."""
    effects = []  # type: List[Effect]
    for name in names:
        masked = probe.lstat("/etc/systemd/system/" + name)
        if probe.effect("unit", name) is not None or (masked and masked.target == "/dev/null"):
            continue
        value = {"exists": True, "active": active, "enabled": enabled, "masked": False}
        effects.append(Effect("unit", name, value))
    return effects


def paths(probe: "Probe", names: Iterable[str], state: str) -> List[Effect]:
    """Give the paths that are not there yet: dpkg keeps a configuration file that is."""
    effects = []  # type: List[Effect]
    for packed in names:
        name = merged(probe, packed)
        if name and probe.lstat(name) is None:
            program = state == "directory" or PROGRAM.match(name) is not None
            mode = "0755" if program else "0644"
            value = {"state": state, "mode": mode, "owner": "root", "group": "root"}
            known = value if state == "directory" else dict(value, content=UNKNOWN)
            effects.append(Effect("path", name, known))
    return effects


def merged(probe: "Probe", path: str) -> str:
    """Give where a path of /bin, /sbin or /lib lies on a host that has them under /usr."""
    top = "/" + path.split("/")[1] if path.count("/") > 1 else ""
    if top in ("/bin", "/sbin", "/lib"):
        there = probe.lstat(top)
        if there and there.state == "link":
            return "/usr" + path
    return path
