"""What a planned installation will have made: files, units and users, as far as known."""

import re
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Sequence

from kplay.modules.api import UNKNOWN, Effect
from kplay.modules.packages_table import TABLE

if TYPE_CHECKING:
    from kplay.agent.host import Probe

UNIT_FILE = re.compile(r"^/(?:usr/)?lib/systemd/system/([^/]+\.(?:service|socket|timer|path))$")

# where other steps look; the rest of a package is of no interest to a plan
LOOKED_AT = re.compile(
    r"^/(?:etc|opt|srv|bin|sbin|usr/bin|usr/sbin|usr/local|usr/libexec|var/lib"
    r"|(?:usr/)?lib/systemd)(?:/|$)"
)

PROGRAM = re.compile(r"^.*/(?:s?bin|cni)(?:/bin)?/[^/]+$")

# packages whose files lie in the folder of the name before the hyphen
_SIBLINGS = ("-common", "-server", "-base", "-core", "-data")

LISTED = re.compile(r"^([-dlh])\S+ \S+ +\d+ \S+ \S+ \.?(/.*?)(?: -> (.*)| link to .*)?$")


def of_installed(probe: "Probe", versions: Dict[str, str], starts: bool) -> List[Effect]:
    """Give the effects of installing packages; a version may be empty for one not known yet."""
    effects = []  # type: List[Effect]
    for name, version in sorted(versions.items()):
        bare = name.partition(":")[0]
        value = {"state": "present", "version": version or None}
        effects.append(Effect("package", bare, value))
        brings = TABLE.get(bare)
        if brings is None:
            continue
        effects += units(probe, brings.units, starts, True)
        effects += units(probe, brings.idle, False, True)
        effects += units(probe, brings.unsure, UNKNOWN, True)
        effects += units(probe, brings.dormant, False, False)
        effects += paths(probe, brings.directories, "directory")
        effects += paths(probe, brings.files, "file")
        effects += [
            Effect("user", user, {"name": user, "uid": UNKNOWN, "gid": UNKNOWN})
            for user in brings.users
            if probe.user(user) is None
        ]
    return effects


def of_removed(names: Iterable[str]) -> List[Effect]:
    """Give the effects of removing packages."""
    effects = []  # type: List[Effect]
    for name in sorted(names):
        bare = name.partition(":")[0]
        effects.append(Effect("package", bare, {"state": "absent", "version": None}))
        brings = TABLE.get(bare)
        for unit in brings.all_units() if brings else ():
            gone = {"exists": False, "active": False, "enabled": False, "masked": False}
            effects.append(Effect("unit", unit, gone))
    return effects


def of_file(probe: "Probe", path: str, name: str, starts: bool) -> List[Effect]:
    """Give the effects that a package file on the host tells of itself."""
    done = probe.query(["dpkg-deb", "-c", path])
    known = TABLE.get(name)
    told = known.all_units() if known else ()
    effects = []  # type: List[Effect]
    for line in done.stdout.splitlines() if done.rc == 0 else []:
        match = LISTED.match(line)
        if not match or not LOOKED_AT.match(match.group(2)):
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


def may_bring(probe: "Probe", path: str) -> str:
    """Give the package, planned to be installed, that may bring a path; empty for none.

    A package keeps its files in folders of its name. Those that the table does not list may be
    there once it is installed, and a plan cannot tell.
    """
    if not probe.scratch():
        return ""
    for part in path.split("/"):
        for name in (part, *[part + end for end in _SIBLINGS]) if part else ():
            planned = probe.effect("package", name)
            if isinstance(planned, dict) and planned.get("state") == "present":
                return name
    return ""


def merged(probe: "Probe", path: str) -> str:
    """Give where a path of /bin, /sbin or /lib lies on a host that has them under /usr."""
    top = "/" + path.split("/")[1] if path.count("/") > 1 else ""
    if top in ("/bin", "/sbin", "/lib"):
        there = probe.lstat(top)
        if there and there.state == "link":
            return "/usr" + path
    return path
