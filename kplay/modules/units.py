"""What systemd knows of its units, and whether it has read the unit files as they are now."""

import calendar
import time
from typing import TYPE_CHECKING, Dict, List, Sequence

from kplay.modules.api import State

if TYPE_CHECKING:
    from kplay.agent.host import Completed, Probe

SUFFIXES = (
    ".service",
    ".socket",
    ".target",
    ".timer",
    ".path",
    ".mount",
    ".automount",
    ".swap",
    ".slice",
    ".scope",
    ".device",
)

UNIT_DIRECTORIES = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)

# systemd-fstab-generator and systemd-cryptsetup-generator make units of these
GENERATOR_INPUTS = ("/etc/fstab", "/etc/crypttab")

# what systemctl calls enabled-runtime lasts until the next boot
ENABLED = ("enabled", "static", "alias", "indirect", "generated", "linked")


def full_name(name: str) -> str:
    """Give the unit's name with its type; a bare name is a service."""
    return name if name.endswith(SUFFIXES) else name + ".service"


def systemctl(scope: str, words: Sequence[str]) -> List[str]:
    """Give the program, its verb and the scope that it is to act in."""
    option = [] if scope == "system" else ["--" + scope]
    return ["systemctl", words[0], *option, *words[1:]]


def show(probe: "Probe", unit: str, scope: str) -> Dict[str, str]:
    """Give the properties of a unit, empty where systemd does not run."""
    done = probe.query(systemctl(scope, ["show", "--no-pager", unit]))
    return properties(done) if done.rc == 0 else {}


def properties(done: "Completed") -> Dict[str, str]:
    """Read NAME=VALUE lines; a value in braces may go over several."""
    found = {}  # type: Dict[str, str]
    name = ""
    for line in done.stdout.splitlines():
        key, equals, value = line.partition("=")
        if equals and key.isalnum() and not (name and open_brace(found[name])):
            found[key] = value
            name = key
        elif name:
            found[name] += "\n" + line
    return found


def open_brace(value: str) -> bool:
    """Say whether a value in braces has not ended yet."""
    return value.startswith("{") and not value.rstrip().endswith("}")


def observed(probe: "Probe", unit: str, scope: str) -> State:
    """Give what is true of a unit: exists, active, enabled, masked and its properties.

    A planned step's effect on the unit goes before what is there now.
    """
    status = show(probe, unit, scope)
    state = status.get("UnitFileState", "")
    loaded = status.get("LoadState", "not-found")
    if not state:
        # offline, or a System V script: is-enabled looks at the files itself
        done = probe.query(systemctl(scope, ["is-enabled", unit]))
        state = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
        if state in ("not-found", "bad"):
            state = ""
    found = {
        "exists": loaded not in ("not-found", "") or bool(state),
        "active": status.get("ActiveState") in ("active", "activating", "reloading"),
        "enabled": state in ENABLED,
        "masked": state in ("masked", "masked-runtime") or loaded == "masked",
        "status": status,
    }  # type: State
    foreseen = probe.effect("unit", unit)
    if isinstance(foreseen, dict):
        for key in ("exists", "active", "enabled", "masked"):
            if key in foreseen:
                found[key] = foreseen[key]
    elif unit_file_foreseen(probe, unit):
        found["exists"] = True
    return found


def unit_file_foreseen(probe: "Probe", unit: str) -> bool:
    """Say whether a unit file lies there that systemd has not read, or will by then."""
    base, at, _ = unit.partition("@")
    names = [unit]
    if at:
        names.append("%s@%s" % (base, unit[unit.rindex(".") :]))
    return any(
        probe.stat("%s/%s" % (directory, name)) for directory in UNIT_DIRECTORIES for name in names
    )


def stale(probe: "Probe", scope: str) -> bool:
    """Say whether unit files have changed since systemd last read them.

    In a plan, files that earlier steps will have written count.
    """
    read = probe.effect("read", scope)
    if isinstance(read, dict):
        # An earlier planned step has them read: only what is planned since then is new
        return planned(probe) != read
    if scope != "system":
        return True
    done = probe.query(["systemctl", "show", "--no-pager", "-p", "NeedDaemonReload", "*"])
    if done.rc != 0 or "NeedDaemonReload=yes" in done.stdout:
        return True
    read_at = last_read(probe)
    return read_at > 0.0 and newest(probe) >= read_at


def planned(probe: "Probe") -> Dict[str, str]:
    """Give the unit files and drop-ins that planned steps will have made or removed, with what."""
    return {
        path: repr(probe.effect("path", path))
        for path in probe.planned("path")
        if path in GENERATOR_INPUTS or path.startswith(tuple(one + "/" for one in UNIT_DIRECTORIES))
    }


def last_read(probe: "Probe") -> float:
    """Give when systemd last read its unit files, 0 when it cannot tell."""
    asked = ["systemctl", "show", "--no-pager", "--timestamp=us+utc", "-p", "UnitsLoadTimestamp"]
    done = probe.query(asked)
    text = properties(done).get("UnitsLoadTimestamp", "") if done.rc == 0 else ""
    if text:
        return parsed(text)
    # before systemd 250 there is no such property; the generators' directories are made anew
    made = [probe.stat("/run/systemd/generator" + end) for end in ("", ".early", ".late")]
    return max([one.mtime for one in made if one] or [0.0])


def parsed(text: str) -> float:
    """Read `Sun 2026-11-22 21:20:54.123456 UTC` as seconds since the epoch."""
    parts = text.split()
    if len(parts) < 3:
        return 0.0
    clock, _, fraction = parts[2].partition(".")
    try:
        moment = time.strptime("%s %s" % (parts[1], clock), "%Y-%m-%d %H:%M:%S")
        return float(calendar.timegm(moment)) + float("0." + (fraction or "0"))
    except ValueError:
        return 0.0


def newest(probe: "Probe") -> float:
    """Give the latest change of any unit file, drop-in or generator's input."""
    times = [changed_at(probe, path) for path in GENERATOR_INPUTS]
    for directory in UNIT_DIRECTORIES:
        times.append(changed_at(probe, directory))
        if not directory.startswith(("/etc", "/run")):
            continue
        for name in probe.listdir(directory):
            path = "%s/%s" % (directory, name)
            times.append(changed_at(probe, path))
            if name.endswith(".d"):
                times.extend(changed_at(probe, "%s/%s" % (path, n)) for n in probe.listdir(path))
    return max(times)


def changed_at(probe: "Probe", path: str) -> float:
    """Give the time of a path's last change, 0 when it is not there.

    What an earlier planned step writes is changed now.
    """
    if probe.effect("path", path) is not None:
        return float(probe.facts()["now"])
    there = probe.lstat(path)
    return there.mtime if there else 0.0
