"""ufw: rules, policies, logging and state of the uncomplicated firewall."""

import re
from typing import TYPE_CHECKING, List

from kplay.modules import lines
from kplay.modules.api import Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

DEFAULTS, CONFIG = "/etc/default/ufw", "/etc/ufw/ufw.conf"
_CHAINS = {"incoming": "INPUT", "outgoing": "OUTPUT", "routed": "FORWARD"}
_POLICIES = {"allow": "ACCEPT", "deny": "DROP", "reject": "REJECT"}
_ANSWER = re.compile(r"^(Skipping|Could not delete|Rules? |Inserting)")
_SKIPPED = re.compile(r"^(Skipping|Could not delete non-existent rule)")


def rule(args: Args, place: int) -> List[str]:
    """The words of ufw(8) for the rule.

    Args:
        args: the module's arguments.
        place: where it is inserted, counted from 1; 0 is behind all others.
    """
    words = ["route"] if args["route"] else []
    words += ["delete"] if args["delete"] else []
    words += ["insert", str(place)] if place and not args["delete"] else []
    words.append(args["rule"])
    words += {"incoming": ["in"], "outgoing": ["out"]}.get(args["direction"], _bare(args))
    for option, name in (
        ("on", "interface"),
        ("in on", "interface_in"),
        ("out on", "interface_out"),
    ):
        words += [*option.split(), args[name]] if args[name] else []
    words += ["log"] if args["log"] else []
    for option, name in (
        ("from", "from_ip"),
        ("port", "from_port"),
        ("to", "to_ip"),
        ("port", "to_port"),
        ("proto", "proto"),
        ("app", "name"),
    ):
        words += [option, str(args[name])] if args[name] else []
    return words + (["comment", args["comment"]] if args["comment"] else [])


def _bare(args: Args) -> List[str]:
    return [args["direction"]] if args["direction"] in ("in", "out") else []


def check(args: Args) -> None:
    """Refuse arguments that cannot go together.

    Raises:
        ModuleFailure: in the words of Ansible.
    """
    if args["interface"] and args["direction"] not in ("in", "incoming", "out", "outgoing"):
        raise ModuleFailure("Direction must be specified when creating a rule on an interface.")
    if args["route"] and args["direction"] == "routed":
        raise ModuleFailure("a rule is routed by route, not by its direction")
    apart = [name for name in ("direction", "interface", "interface_in") if args[name]]
    if args["interface_in"] and len(apart) > 1:
        raise ModuleFailure(f"parameters are mutually exclusive: {'|'.join(apart)}")
    if args["interface_in"] and args["interface_out"] and not args["route"]:
        raise ModuleFailure("Only route rules can combine interface_in and interface_out")
    if args["rule"] and args["direction"] == "routed":
        raise ModuleFailure("the direction of a rule is in or out")


def observe(probe: "Probe", args: Args) -> State:
    """Read ufw's files, and let it try the rule without doing it."""
    check(args)
    if not probe.which("ufw"):
        raise lacking(probe, "program ufw", "ufw is not installed on this host")
    found = {}  # type: State
    config = lines.settings(probe, CONFIG)
    if args["state"] in ("enabled", "disabled"):
        planned = probe.effect("ufw", "state")
        on = config.get("ENABLED") == "yes"
        found["state"] = "enabled" if on else "disabled"
        if isinstance(planned, dict):
            found["state"] = planned["state"]
    elif args["state"]:
        found["pulse"] = ""
    if args["logging"]:
        found["logging"] = config.get("LOGLEVEL", "off")
    if args["default"]:
        defaults = lines.settings(probe, DEFAULTS)
        name = "DEFAULT_{}_POLICY".format(_CHAINS[_direction(args)])
        found["policy"] = defaults.get(name, "")
    if args["rule"]:
        found["place"] = _place(probe, args)
        found["rule"] = _rule_there(probe, args, rule(args, found["place"]))
    return found


def _direction(args: Args) -> str:
    given = args["direction"] or "incoming"
    return {"in": "incoming", "out": "outgoing"}.get(given, given)


def _rule_there(probe: "Probe", args: Args, words: List[str]) -> str:
    there, gone = ("absent", "present") if args["delete"] else ("present", "absent")
    planned = probe.effect("ufw", " ".join(rule(dict(args, delete=False), 0)))
    if isinstance(planned, dict):
        return str(planned["rule"])
    done = probe.query(["ufw", "--dry-run", *words])
    if done.rc != 0:
        said = (done.stderr or done.stdout).strip()
        if "non-existent" in said:
            return there
        raise ModuleFailure(said, rc=done.rc, commands=[["ufw", *words]])
    answers = [line for line in done.stdout.splitlines() if _ANSWER.match(line)]
    same = bool(answers) and all(_SKIPPED.match(line) for line in answers)
    return there if same else gone


def _place(probe: "Probe", args: Args) -> int:
    """Where the rule is to be inserted, counted from 1; 0 is behind all others."""
    if args["insert"] is None or args["delete"]:
        return 0
    if args["insert_relative_to"] == "zero":
        return int(args["insert"])
    done = probe.query(["ufw", "status", "numbered"])
    numbered = [line for line in done.stdout.splitlines() if re.match(r"^\[ *\d+\]", line)]
    six = sum("(v6)" in line for line in numbered)
    four = len(numbered) - six
    first = {
        "first-ipv4": 1,
        "last-ipv4": max(four, 1),
        "first-ipv6": four + 1,
        "last-ipv6": four + max(six, 1),
    }[args["insert_relative_to"]]
    place = max(first + int(args["insert"]), 1)
    return place if place <= len(numbered) else 0


def desire(args: Args, found: State) -> State:
    """Want the state, the policy, the logging and the rule that are given."""
    wanted = {}  # type: State
    if args["state"] in ("enabled", "disabled"):
        wanted["state"] = args["state"]
    elif args["state"]:
        wanted["pulse"] = args["state"]
    if args["logging"]:
        on = found["logging"] if found["logging"] != "off" else "low"
        wanted["logging"] = on if args["logging"] == "on" else args["logging"]
    if args["default"]:
        wanted["policy"] = _POLICIES[args["default"]]
    if args["rule"]:
        wanted["rule"] = "absent" if args["delete"] else "present"
    return wanted


def commands(args: Args, found: State, wanted: State) -> List[List[str]]:
    """The calls that bring it about."""
    differs = {key for key in wanted if wanted[key] != found.get(key)}
    calls = []
    if "logging" in differs:
        calls.append(["logging", args["logging"]])
    if "policy" in differs:
        calls.append(["default", args["default"], _direction(args)])
    if "rule" in differs:
        calls.append(rule(args, found["place"]))
    if "state" in differs:
        calls.append(["-f", "enable" if wanted["state"] == "enabled" else "disable"])
    if "pulse" in differs:
        calls.append(["-f", "reload" if args["state"] == "reloaded" else "reset"])
    return [["ufw", *words] for words in calls]


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Call ufw."""
    calls = commands(args, found, wanted)
    said = ""
    for argv in calls:
        done = host.run(argv)
        said += done.stdout
        if done.rc != 0:
            message = (done.stderr or done.stdout).strip()
            raise ModuleFailure(message, rc=done.rc, commands=calls)
    return {"msg": said.strip()}


def result(args: Args, found: State, wanted: State, _changed: bool) -> State:
    """Name the calls of ufw."""
    return {"commands": [" ".join(words) for words in commands(args, found, wanted)]}


def foresee(args: Args, _found: State, wanted: State) -> List[Effect]:
    """Tell later steps of this module what will be so."""
    effects = []
    if "state" in wanted:
        effects.append(Effect("ufw", "state", {"state": wanted["state"]}))
    if "rule" in wanted:
        key = " ".join(rule(dict(args, delete=False), 0))
        effects.append(Effect("ufw", key, {"rule": wanted["rule"]}))
    return effects


module = Module(
    "ufw",
    args={
        "comment": Arg(),
        "default": Arg(choices=("allow", "deny", "reject"), aliases=("policy",)),
        "delete": Arg("bool", default=False),
        "direction": Arg(choices=("in", "incoming", "out", "outgoing", "routed")),
        "from_ip": Arg(default="any", aliases=("from", "src")),
        "from_port": Arg(),
        "insert": Arg("int"),
        "insert_relative_to": Arg(
            default="zero",
            choices=("first-ipv4", "first-ipv6", "last-ipv4", "last-ipv6", "zero"),
        ),
        "interface": Arg(aliases=("if",)),
        "interface_in": Arg(aliases=("if_in",)),
        "interface_out": Arg(aliases=("if_out",)),
        "log": Arg("bool", default=False),
        "logging": Arg(choices=("on", "off", "low", "medium", "high", "full")),
        "name": Arg(aliases=("app",)),
        "proto": Arg(
            choices=("any", "tcp", "udp", "ipv6", "esp", "ah", "gre", "igmp", "vrrp"),
            aliases=("protocol",),
        ),
        "route": Arg("bool", default=False),
        "rule": Arg(choices=("allow", "deny", "limit", "reject")),
        "state": Arg(choices=("disabled", "enabled", "reloaded", "reset")),
        "to_ip": Arg(default="any", aliases=("dest", "to")),
        "to_port": Arg(aliases=("port",)),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    exclusive=("iptables",),
    result=result,
    foresee=foresee,
    verify=("state", "policy", "logging", "rule"),
    requires_one_of=(("state", "default", "rule", "logging"),),
    exclusive_args=(("name", "proto", "logging"),),
)
