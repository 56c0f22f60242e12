"""firewalld: what a zone of firewalld lets through, now and from the next boot on."""

from typing import TYPE_CHECKING, List, NamedTuple

from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Completed, Host, Probe

_SETTINGS = ("service", "port", "protocol", "source", "interface", "icmp_block", "rich_rule",
             "port_forward", "masquerade", "icmp_block_inversion", "forward", "target")  # fmt: skip
_LISTED = ("service", "port", "protocol", "source", "interface", "icmp_block", "rich_rule")
_SWITCHES = ("masquerade", "icmp_block_inversion", "forward")


class Setting(NamedTuple):
    """What is set in the zone."""

    name: str
    """As firewall-cmd spells it in --add-NAME, --remove-NAME, --query-NAME."""
    value: str
    """Empty for a switch."""
    on: bool


def setting(args: Args) -> Setting:
    """What the arguments ask for; a zone itself has the name ``zone``.

    Raises:
        ModuleFailure: more than one thing, or none, or one that does not go with the state.
    """
    given = [name for name in _SETTINGS if args[name] is not None]
    if len(given) > 1:
        message = f"can only operate on one of {', '.join(given)} at once"
        raise ModuleFailure(message)
    zoned = args["state"] in ("present", "absent")
    if not given:
        if not zoned or not args["zone"]:
            raise ModuleFailure("nothing to set: give a service, port or the like")
        if not args["permanent"]:
            raise ModuleFailure(
                "zone operations must be permanent. Make sure you didn't set the "
                "'permanent' flag to 'false' or the 'immediate' flag to 'true'."
            )
        return Setting("zone", args["zone"], args["state"] == "present")
    name = given[0]
    if zoned and name != "target":
        message = "absent and present state can only be used in zone level operations"
        raise ModuleFailure(message)
    on = args["state"] in ("enabled", "present")
    if name in _SWITCHES:
        wants = args[name] if isinstance(args[name], bool) else str(args[name]).lower() == "true"
        return Setting(name.replace("_", "-"), "", on == wants)
    if name == "port_forward":
        return Setting("forward-port", _forward(args[name]), on)
    return Setting(name.replace("_", "-"), str(args[name]), on)


def _forward(value: "List[State]") -> str:
    if len(value) != 1:
        raise ModuleFailure("Only one port forward supported at a time")
    one = value[0]
    for name in ("port", "proto", "toport"):
        if one.get(name) is None:
            message = f"port_forward wants {name}"
            raise ModuleFailure(message)
    text = "port={}:proto={}:toport={}".format(one["port"], one["proto"], one["toport"])
    return text + (":toaddr={}".format(one["toaddr"]) if one.get("toaddr") else "")


def observe(probe: "Probe", args: Args) -> State:
    """Ask firewalld, or its files where it does not run."""
    if not probe.which("firewall-cmd"):
        raise lacking(probe, "program firewall-cmd", "firewalld is not installed on this host")
    asked = setting(args)
    permanent, immediate = _reach(args)
    running = probe.query(["firewall-cmd", "--state"]).rc == 0
    if not running:
        if not (permanent and args["offline"]):
            message = "firewall is not currently running, unable to perform immediate actions "
            message += "without a running firewall daemon"
            raise lacking(probe, "running firewalld", message)
        immediate = False
    zone = args["zone"] or _default_zone(probe, running)
    found: State = {"zone": zone, "running": running}
    for field, used in (("permanent", permanent), ("runtime", immediate)):
        if used:
            found[field] = _there(probe, asked, zone, field, running)
    return found


def _reach(args: Args) -> "tuple[bool, bool]":
    """Whether the change is permanent, and whether it is for now."""
    if args["timeout"] and args["permanent"]:
        raise ModuleFailure("a change with a timeout is not permanent")
    return args["permanent"], args["immediate"] or not args["permanent"]


def _program(running: bool) -> str:
    return "firewall-cmd" if running else "firewall-offline-cmd"


def _default_zone(probe: "Probe", running: bool) -> str:
    return probe.query([_program(running), "--get-default-zone"]).stdout.strip() or "public"


def _scope(field: str, running: bool) -> List[str]:
    return ["--permanent"] if field == "permanent" and running else []


def _there(probe: "Probe", asked: Setting, zone: str, field: str, running: bool) -> str:
    planned = probe.effect("firewalld", " ".join([field, zone, *asked[:2]]))
    if isinstance(planned, dict):
        return str(planned["value"])
    argv = [_program(running), *_scope(field, running)]
    if asked.name == "zone":
        zones = probe.query([*argv, "--get-zones"]).stdout.split()
        return "on" if asked.value in zones else "off"
    if asked.name == "target":
        done = probe.query([*argv, f"--zone={zone}", "--get-target"])
        _judge(done, zone)
        return done.stdout.strip()
    value = f"={asked.value}" if asked.value else ""
    done = probe.query([*argv, f"--zone={zone}", f"--query-{asked.name}{value}"])
    if done.rc not in (0, 1):
        _judge(done, zone)
    return "on" if done.rc == 0 else "off"


def _judge(done: "Completed", zone: str) -> None:
    if done.rc != 0:
        said = (done.stderr or done.stdout).strip()
        message = f"firewalld says of the zone {zone}: {said}"
        raise ModuleFailure(message, rc=done.rc)


def desire(args: Args, found: State) -> State:
    """Want it set, or not, where it is asked for."""
    asked = setting(args)
    value = "on" if asked.on else "off"
    if asked.name == "target":
        value = asked.value if asked.on else "default"
    fields = [name for name in ("permanent", "runtime") if name in found]
    wanted: State = dict.fromkeys(fields, value)
    if asked.name == "zone":
        wanted["state"] = "present" if asked.on else ABSENT
        found["state"] = "present" if found["permanent"] == "on" else ABSENT
    return wanted


def command(args: Args, found: State, field: str) -> List[str]:
    """The call that sets it in one of the two places."""
    asked, zone = setting(args), found["zone"]
    argv = [_program(found["running"]), *_scope(field, found["running"])]
    if asked.name == "zone":
        return [*argv, "--{}-zone={}".format("new" if asked.on else "delete", asked.value)]
    argv.append(f"--zone={zone}")
    if asked.name == "target":
        return [*argv, "--set-target={}".format(asked.value if asked.on else "default")]
    verb = "add" if asked.on else "remove"
    # an interface or source of another zone moves
    if asked.on and asked.name in ("interface", "source"):
        verb = "change"
    argv.append("--{}-{}{}".format(verb, asked.name, f"={asked.value}" if asked.value else ""))
    if field == "runtime" and args["timeout"] and asked.on:
        argv.append("--timeout={}".format(args["timeout"]))
    return argv


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Call firewall-cmd for each place that differs."""
    for field in ("permanent", "runtime"):
        if field in wanted and wanted[field] != found[field]:
            argv = command(args, found, field)
            done = host.run(argv)
            if done.rc != 0:
                message = f"{' '.join(argv)}: {(done.stderr or done.stdout).strip()}"
                raise ModuleFailure(message, rc=done.rc)
    return {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:
    """Say what is set, in the words of Ansible."""
    both = "permanent" in found and "runtime" in found
    how = "Permanent and Non-Permanent(immediate)" if both else "Non-permanent"
    how = "Permanent" if "permanent" in found and not both else how
    said = [f"{how} operation"]
    if changed:
        asked = setting(args)
        what = " ".join(part for part in asked[:2] if part)
        said.append(f"Changed {what} to {args['state']}")
    del wanted
    return {"msg": ", ".join(said)}


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps of this module what is set."""
    asked = setting(args)
    return [
        Effect("firewalld", " ".join([field, found["zone"], *asked[:2]]), {"value": wanted[field]})
        for field in ("permanent", "runtime")
        if field in wanted
    ]


module = Module(
    "firewalld",
    args={
        "state": Arg(required=True, choices=("absent", "disabled", "enabled", "present")),
        "zone": Arg(),
        "permanent": Arg("bool", default=False),
        "immediate": Arg("bool", default=False),
        "offline": Arg("bool", default=False),
        "timeout": Arg("int", default=0),
        "forward": Arg(),
        "icmp_block": Arg(),
        "icmp_block_inversion": Arg(),
        "interface": Arg(),
        "masquerade": Arg(),
        "port": Arg(),
        "port_forward": Arg("list", elements="dict"),
        "protocol": Arg(),
        "rich_rule": Arg(),
        "service": Arg(),
        "source": Arg(),
        "target": Arg(choices=("default", "ACCEPT", "DROP", "%%REJECT%%")),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    exclusive=("iptables",),
    result=result,
    complete=True,
    foresee=foresee,
    verify=("permanent", "runtime"),
)
