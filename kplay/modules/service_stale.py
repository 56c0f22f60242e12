"""service_stale: whether a service runs on what its files were before."""

from typing import TYPE_CHECKING, List

from kplay.modules import units
from kplay.modules.api import Arg, Args, Module, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe

# systemd has these; the process reads its files at its own start, before the unit counts as active
STARTED = ("ExecMainStartTimestamp", "ActiveEnterTimestamp")


def observe(probe: "Probe", args: Args) -> State:
    """Compare the start of the service with the changes of its files."""
    unit = units.full_name(args["name"])
    seen = units.observed(probe, unit, "system")
    started = started_at(probe, unit) if seen["active"] is True else 0.0
    newer: List[str] = []
    if started:
        newer = [path for path in args["files"] if touched_at(probe, path) >= started]
    return {"active": seen["active"], "newer": newer, "started": started}


def started_at(probe: "Probe", unit: str) -> float:
    """Give when the service's process began, 0 when it does not run or nobody can tell."""
    wanted = [word for name in STARTED for word in ("-p", name)]
    asked = ["systemctl", "show", "--no-pager", "--timestamp=us+utc", *wanted, unit]
    done = probe.query(asked)
    if done.rc == 0:
        status = units.properties(done)
        times = [units.parsed(status.get(name, "")) for name in STARTED]
        return next((one for one in times if one), 0.0)
    return monotonic(probe, unit)


def monotonic(probe: "Probe", unit: str) -> float:
    """Give the same of a systemd before version 247, which knows no other form of its times."""
    names = [name + "Monotonic" for name in STARTED]
    wanted = [word for name in names for word in ("-p", name)]
    status = units.properties(probe.query(["systemctl", "show", "--no-pager", *wanted, unit]))
    since_boot = next((int(status[n]) for n in names if status.get(n, "0").strip("0")), 0)
    words = probe.read("/proc/uptime").decode("ascii", "replace").split()
    if not since_boot or not words:
        return 0.0
    return float(probe.facts()["now"]) - float(words[0]) + since_boot / 1e6


def touched_at(probe: "Probe", path: str) -> float:
    """Give when a path last changed in any way, 0 when it is not there.

    Packages and archives keep the time of a file's making; its inode has the time it came.
    """
    there = probe.lstat(path)
    return max(units.changed_at(probe, path), there.ctime if there else 0.0)


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Want nothing."""
    return {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Say whether a restart is due, and what for."""
    return dict(found, name=args["name"], stale=bool(found["newer"]))


module = Module(
    "service_stale",
    args={
        "name": Arg("str", required=True, aliases=("service", "unit")),
        "files": Arg("list", elements="path", default=[]),
    },
    observe=observe,
    desire=desire,
    kind="read",
    reach="host",
    result=result,
    complete=True,
)
