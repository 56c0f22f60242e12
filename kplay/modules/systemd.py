"""systemd, systemd_service: units started, stopped, enabled, masked; unit files read again."""

from typing import TYPE_CHECKING, List

from kplay.agent.host import UnknownValue
from kplay.modules import packages_table, unit_failing, units
from kplay.modules.api import UNKNOWN, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

ARGS = {
    "name": Arg("str", aliases=("service", "unit")),
    "state": Arg("str", choices=("reloaded", "restarted", "started", "stopped")),
    "enabled": Arg("bool"),
    "force": Arg("bool"),
    "masked": Arg("bool"),
    "daemon_reload": Arg("bool", default=False, aliases=("daemon-reload",)),
    "daemon_reexec": Arg("bool", default=False, aliases=("daemon-reexec",)),
    "scope": Arg("str", default="system", choices=("system", "user", "global")),
    "no_block": Arg("bool", default=False),
}

# Ansible reports no change for these alone
UNCOUNTED = ("unit_files", "daemon_reexec")

# these cannot be enabled or disabled: they have no [Install] section, or another unit's
UNCHANGEABLE = ("static", "indirect", "generated", "transient", "alias")


def observe(probe: "Probe", args: Args) -> State:
    """Look at the unit, and whether systemd has read its files as they are."""
    scope = args.get("scope") or "system"
    found = {"status": {}}  # type: State
    if args.get("daemon_reload"):
        found["unit_files"] = "changed" if units.stale(probe, scope) else "read"
        found["planned_files"] = units.planned(probe) if probe.scratch() else {}
    if not args.get("name"):
        return found
    unit = units.full_name(args["name"])
    found.update(units.observed(probe, unit, scope))
    if not found["exists"] and probe.scratch() and unit_planned(probe, unit):
        found.update(exists=True, active=UNKNOWN, enabled=UNKNOWN)
    if not found["exists"] and probe.scratch() and not args.get("masked"):
        raise UnknownValue("no unit %s on the host yet" % unit)
    found["restarted"] = found["reloaded"] = False
    return found


def unit_planned(probe: "Probe", unit: str) -> bool:
    """Say whether a package that is known to bring the unit will have been installed."""
    names = [unit.rsplit(".", 1)[0], *packages_table.bringing(unit)]
    return any(probe.effect("package", name) is not None for name in names)


def desire(args: Args, found: State) -> State:
    """Want what was asked; restarting and reloading are always changes."""
    wanted = {}  # type: State
    if args.get("daemon_reload"):
        wanted["unit_files"] = "read"
    if args.get("daemon_reexec"):
        wanted["daemon_reexec"] = True
    state, enabled, masked = args.get("state"), args.get("enabled"), args.get("masked")
    if not args.get("name"):
        if state or enabled is not None or masked is not None:
            raise ModuleFailure("state, enabled and masked require name")
        return wanted
    if not found["exists"] and not masked and (state or enabled is not None):
        raise ModuleFailure("Could not find the requested service %s: host" % args["name"])
    if masked is not None:
        wanted["masked"] = masked
    if enabled is not None:
        fixed = found["status"].get("UnitFileState") in UNCHANGEABLE
        wanted["enabled"] = found["enabled"] if fixed else enabled
    if state in ("started", "stopped"):
        wanted["active"] = state == "started"
    elif state:
        wanted[state] = True
    return wanted


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Name the unit, and its properties as they were found."""
    fields = {"status": found["status"]}  # type: State
    for key in ("name", "state", "enabled"):
        if args.get(key) is not None:
            fields[key] = args[key]
    return fields


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Do what differs: unit files, then unmask, enable or disable, mask, and the state last."""
    scope = args.get("scope") or "system"
    fields = {"status": found["status"]}  # type: State
    if wanted.get("daemon_reexec"):
        systemctl(host, scope, ["daemon-reexec"], "failure %s during daemon-reexec: %s")
    if wanted.get("unit_files", "") != found.get("unit_files", ""):
        systemctl(host, scope, ["daemon-reload"], "failure %s during daemon-reload: %s")
    differs = {key for key in wanted if wanted[key] != found.get(key)}
    if not differs - set(UNCOUNTED):
        return fields
    unit = units.full_name(args["name"])
    if "masked" in differs and not wanted["masked"]:
        systemctl(host, scope, ["unmask", unit], "Unable to unmask service %s: %s")
    if "enabled" in differs:
        verb = "enable" if wanted["enabled"] else "disable"
        force = ["--force"] if args.get("force") else []
        systemctl(host, scope, [verb, *force, unit], "Unable to " + verb + " service %s: %s")
    if "masked" in differs and wanted["masked"]:
        systemctl(host, scope, ["mask", unit], "Unable to mask service %s: %s")
    verb = state_verb(differs, found, wanted)
    if verb:
        block = ["--no-block"] if args.get("no_block") else []
        systemctl(host, scope, [verb, *block, unit], "Unable to " + verb + " service %s: %s")
    return fields


def state_verb(differs: "set[str]", found: State, wanted: State) -> str:
    """Give what systemctl is to do with the unit; one that does not run is started instead."""
    if "active" in differs:
        return "start" if wanted["active"] else "stop"
    if "restarted" in differs:
        return "restart"
    if "reloaded" in differs:
        return "reload" if found["active"] else "start"
    return ""


def systemctl(host: "Host", scope: str, words: List[str], failure: str) -> None:
    """Run systemctl; a failure has how the unit stands and the end of its log."""
    done = host.run(units.systemctl(scope, words), stream=True)
    if done.rc == 0:
        return
    unit = words[-1]
    fields = {"rc": done.rc, "stdout": done.stdout, "stderr": done.stderr}  # type: State
    if units.full_name(unit) == unit:
        fields.update(unit_failing.told(host, scope, unit))
    raise ModuleFailure(failure % (unit, done.stderr.strip()), **fields)


def overdue(probe: "Probe", args: Args) -> State:
    """Say how the unit stands when the step's time is over, with the end of its log."""
    if not args.get("name") or not args.get("state"):
        return {}
    return unit_failing.told(probe, args.get("scope") or "system", units.full_name(args["name"]))


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Say how the unit will stand, and which unit files systemd will have read."""
    effects = []  # type: List[Effect]
    if wanted.get("unit_files", "") != found.get("unit_files", ""):
        effects.append(Effect("read", args.get("scope") or "system", found["planned_files"]))
    if not args.get("name"):
        return effects
    active = wanted.get("active", found["active"])
    value = {
        "exists": True,
        "active": True if wanted.get("restarted") or wanted.get("reloaded") else active,
        "enabled": wanted.get("enabled", found["enabled"]),
        "masked": wanted.get("masked", found["masked"]),
    }
    return [*effects, Effect("unit", units.full_name(args["name"]), value)]


module = Module(
    "systemd",
    args=ARGS,
    observe=observe,
    desire=desire,
    apply=apply,
    reach="cluster",
    result=result,
    complete=True,
    foresee=foresee,
    verify=("enabled", "masked"),
    uncounted=UNCOUNTED,
    overdue=overdue,
    also_known_as=(
        "systemd_service",
        "ansible.builtin.systemd",
        "ansible.builtin.systemd_service",
    ),
)
