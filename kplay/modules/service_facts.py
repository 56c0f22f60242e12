"""service_facts: the services of a host and how they stand."""

from typing import TYPE_CHECKING, Any

from kplay.modules import units
from kplay.modules.api import UNKNOWN, Args, Module, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe

PLAIN = ("--no-pager", "--no-legend", "--plain", "--full", "--type=service")


def observe(probe: "Probe", args: Args) -> State:  # noqa: ARG001
    """List the units that systemd has loaded and those that lie on disk."""
    found: State = {}
    loaded = probe.query(["systemctl", "list-units", "--all", *PLAIN])
    for line in loaded.stdout.splitlines():
        words = line.replace("\u25cf", " ").split(None, 4)
        if len(words) > 3 and words[0].endswith(".service"):
            status = words[1] if words[1] in ("not-found", "masked", "failed") else words[2]
            found[words[0]] = {
                "name": words[0],
                "state": "running" if words[3] == "running" else "stopped",
                "status": "failed" if words[2] == "failed" else status,
                "source": "systemd",
            }
            if words[3] not in ("running", "exited", "dead", "failed"):
                found[words[0]]["state"] = "unknown"
    files = probe.query(["systemctl", "list-unit-files", *PLAIN])
    for line in files.stdout.splitlines():
        words = line.split()
        if len(words) < 2 or not words[0].endswith(".service"):
            continue
        known = found.setdefault(
            words[0],
            {
                "name": words[0],
                "state": "unknown" if "@." in words[0] else "inactive",
                "status": words[1],
                "source": "systemd",
            },
        )
        if known["status"] not in ("failed", "not-found"):
            known["status"] = words[1]
    if probe.scratch():
        foresee(probe, found)
    return {"ansible_facts": {"services": found}}


def foresee(probe: "Probe", found: State) -> None:
    """Put in what earlier planned steps will have made of the services."""
    names = set(found)
    for directory in units.UNIT_DIRECTORIES:
        names.update(one for one in probe.listdir(directory) if one.endswith(".service"))
    names.update(one for one in probe.planned("unit") if one.endswith(".service"))
    for unit in sorted(names):
        effect = probe.effect("unit", unit)
        if isinstance(effect, dict) and effect.get("exists") is False:
            found.pop(unit, None)
            continue
        known = found.get(unit)
        if known is None:
            known = {"name": unit, "state": "inactive", "status": "disabled", "source": "systemd"}
            found[unit] = known
        if isinstance(effect, dict):
            if "active" in effect:
                known["state"] = _word(effect["active"], "running", "stopped")
            if "enabled" in effect:
                known["status"] = _word(effect["enabled"], "enabled", "disabled")


def _word(so: Any, one: str, other: str) -> Any:
    if so == UNKNOWN:
        return UNKNOWN
    return one if so is True else other


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Want nothing."""
    return {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give the services."""
    return dict(found)


module = Module(
    "service_facts",
    args={},
    observe=observe,
    desire=desire,
    kind="read",
    reach="host",
    result=result,
    complete=True,
    also_known_as=("ansible.builtin.service_facts",),
)
