"""iptables: one rule, policy or chain of the running IPv4 and IPv6 packet filters.

A flush changes something only where there are rules. What is set here is gone after a boot.
"""

from typing import TYPE_CHECKING, Any, Callable, Dict, List

from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

PROGRAMS = {"ipv4": ("iptables",), "ipv6": ("ip6tables",), "both": ("iptables", "ip6tables")}

_LEVELS = ("0", "1", "2", "3", "4", "5", "6", "7", "emerg", "alert", "crit", "error", "warning",
           "notice", "info", "debug")  # fmt: skip


def rule(args: Args, program: str) -> List[str]:
    """The words of iptables(8) that describe the rule; none when no rule is meant."""
    words = []  # type: List[str]
    for name, option in (
        ("protocol", "-p"),
        ("source", "-s"),
        ("destination", "-d"),
        ("in_interface", "-i"),
        ("out_interface", "-o"),
    ):
        words += _option(option, args[name])
    words += ["-f"] if args["fragment"] else []
    for name in args["match"]:
        words += ["-m", name]
    words += _ports(args) + _states(args) + _extensions(args)
    icmp = "--icmpv6-type" if program == "ip6tables" else "--icmp-type"
    words += _option(icmp, args["icmp_type"])
    if args["comment"]:
        words += ["-m", "comment", "--comment", args["comment"]]
    return words + _target(args)


def _option(option: str, value: Any) -> List[str]:
    if not value:
        return []
    text = str(value)
    if text.startswith("!"):
        return ["!", option, text[1:].strip()]
    return [option, text]


def _ports(args: Args) -> List[str]:
    words = _option("--sport", args["source_port"]) + _option("--dport", args["destination_port"])
    if args["destination_ports"]:
        words += ["-m", "multiport", "--dports", ",".join(args["destination_ports"])]
    flags = args["tcp_flags"]
    if flags:
        if not (flags.get("flags") and flags.get("flags_set")):
            raise ModuleFailure("tcp_flags wants flags and flags_set")
        words += ["--tcp-flags", _joined(flags["flags"]), _joined(flags["flags_set"])]
    return words + {"match": ["--syn"], "negate": ["!", "--syn"]}.get(args["syn"], [])


def _joined(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _states(args: Args) -> List[str]:
    if not args["ctstate"]:
        return []
    states = ",".join(args["ctstate"])
    if "state" in args["match"]:
        return ["--state", states]
    own = [] if "conntrack" in args["match"] else ["-m", "conntrack"]
    return [*own, "--ctstate", states]


def _extensions(args: Args) -> List[str]:
    words = []  # type: List[str]

    def needs(match: str) -> List[str]:
        there = match in args["match"] or match in words
        return [] if there else ["-m", match]

    for match, name, option in (
        ("iprange", "src_range", "--src-range"),
        ("iprange", "dst_range", "--dst-range"),
        ("limit", "limit", "--limit"),
        ("limit", "limit_burst", "--limit-burst"),
        ("owner", "uid_owner", "--uid-owner"),
        ("owner", "gid_owner", "--gid-owner"),
    ):
        if args[name]:
            words += needs(match) + _option(option, args[name])
    if args["match_set"]:
        if not args["match_set_flags"]:
            raise ModuleFailure("missing parameter(s) required by 'match_set': match_set_flags")
        words += [*needs("set"), *_option("--match-set", args["match_set"])]
        words.append(args["match_set_flags"])
    return words


def _target(args: Args) -> List[str]:
    jump = args["jump"]
    if not jump and (args["log_prefix"] or args["log_level"]):
        jump = "LOG"
    if not jump and args["reject_with"]:
        jump = "REJECT"
    words = _option("-j", jump) + _option("-g", args["goto"])
    for name, option in (
        ("log_prefix", "--log-prefix"),
        ("log_level", "--log-level"),
        ("to_destination", "--to-destination"),
        ("to_source", "--to-source"),
        ("to_ports", "--to-ports"),
        ("gateway", "--gateway"),
        ("reject_with", "--reject-with"),
        ("set_dscp_mark", "--set-dscp"),
        ("set_dscp_mark_class", "--set-dscp-class"),
    ):
        words += [option, str(args[name])] if args[name] else []
    if args["set_counters"]:
        words += ["-c", *str(args["set_counters"]).replace(",", " ").split()]
    return words


def command(args: Args, program: str, *words: str) -> List[str]:
    """The call of the program on the table asked for."""
    wait = ["-w", args["wait"]] if args["wait"] else []
    return [program, "-t", args["table"], *wait, *words]


def _goal(args: Args) -> str:
    if args["flush"]:
        if args["policy"]:
            raise ModuleFailure("parameters are mutually exclusive: flush|policy")
        return "flush"
    if args["policy"]:
        return "policy"
    if not args["chain"]:
        raise ModuleFailure("chain is required unless flush is given")
    if args["chain_management"] and not rule(args, "iptables"):
        return "chain"
    return "rule"


def observe(probe: "Probe", args: Args) -> State:
    """Ask each program for the rule, the policy, the chain, or for all there is to flush."""
    goal = _goal(args)
    found = {"goal": goal, "there": {}, "flushed": {}}  # type: State
    for program in PROGRAMS[args["ip_version"]]:
        if not probe.which(program):
            raise lacking(probe, f"program {program}", f"{program} is not installed")
        found["flushed"][program] = _emptied(probe, args, program)
        found["there"][program] = _LOOKS[goal](probe, args, program)
    if goal == "policy":
        return found
    if goal != "flush":
        there = [one == "present" for one in found["there"].values()]
        enough = any(there) if args["state"] == ABSENT else all(there)
        found["state"] = "present" if enough else ABSENT
    return found


def _place(args: Args, program: str) -> str:
    return "{} {} {}".format(program, args["table"], args["chain"] or "*")


def _emptied(probe: "Probe", args: Args, program: str) -> int:
    """How often planned steps flush the chain before this one."""
    counts = []
    for chain in {args["chain"] or "*", "*"}:
        planned = probe.effect("iptables", _place(dict(args, chain=chain), program))
        counts.append(planned["flushed"] if isinstance(planned, dict) else 0)
    return sum(counts)


def _rule_there(probe: "Probe", args: Args, program: str) -> str:
    key = " ".join([_place(args, program), *rule(args, program)])
    planned, flushed = probe.effect("iptables", key), _emptied(probe, args, program)
    if isinstance(planned, dict) and planned["after"] == flushed:
        return str(planned["state"])
    if flushed:
        return ABSENT
    done = probe.query(command(args, program, "-C", args["chain"], *rule(args, program)))
    return "present" if done.rc == 0 else ABSENT


def _policy(probe: "Probe", args: Args, program: str) -> str:
    if not args["chain"]:
        raise ModuleFailure("policy is given but all of the following are missing: chain")
    planned = probe.effect("iptables", _place(args, program) + " policy")
    if isinstance(planned, dict):
        return str(planned["policy"])
    done = probe.query(command(args, program, "-S", args["chain"]))
    for line in done.stdout.splitlines():
        words = line.split()
        if words[:2] == ["-P", args["chain"]]:
            return words[2]
    said = done.stderr.strip() or "it has no policy"
    message = f"cannot tell the policy of {args['chain']}: {said}"
    raise ModuleFailure(message, rc=done.rc)


def _rules(probe: "Probe", args: Args, program: str) -> int:
    """How many rules there are to flush."""
    done = probe.query(command(args, program, "-S", *([args["chain"]] if args["chain"] else [])))
    if done.rc != 0:
        if probe.scratch():
            return 0
        raise ModuleFailure(done.stderr.strip(), rc=done.rc)
    if _emptied(probe, args, program):
        return 0
    return sum(line.startswith("-A ") for line in done.stdout.splitlines())


def _chain_there(probe: "Probe", args: Args, program: str) -> str:
    planned = probe.effect("iptables", _place(args, program) + " chain")
    if isinstance(planned, dict):
        return str(planned["state"])
    done = probe.query(command(args, program, "-S", args["chain"]))
    return "present" if done.rc == 0 else ABSENT


_LOOKS: Dict[str, Callable[..., Any]] = {
    "rule": _rule_there,
    "policy": _policy,
    "flush": _rules,
    "chain": _chain_there,
}


def desire(args: Args, found: State) -> State:
    """Want what was asked of each program."""
    goal = found["goal"]
    want = {"flush": 0, "policy": args["policy"]}.get(goal, args["state"])  # type: Any
    wanted = {"there": dict.fromkeys(found["there"], want)}  # type: State
    if "state" in found:
        wanted["state"] = args["state"]
    if goal == "rule" and wanted["there"] != found["there"]:
        wanted["rule"] = " ".join(rule(args, next(iter(found["there"]))))
    return wanted


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Call each program whose answer was another."""
    for program, there in found["there"].items():
        if there != wanted["there"][program]:
            for words in commands(args, found["goal"], program):
                done = host.run(words)
                if done.rc != 0:
                    raise ModuleFailure(done.stderr.strip(), rc=done.rc, cmd=words)
    return {}


def commands(args: Args, goal: str, program: str) -> List[List[str]]:
    """The calls that bring it about."""
    chain = args["chain"]
    if goal == "flush":
        return [command(args, program, "-F", *([chain] if chain else []))]
    if goal == "policy":
        return [command(args, program, "-P", chain, args["policy"])]
    gone = args["state"] == ABSENT
    if goal == "chain":
        return [command(args, program, "-X" if gone else "-N", chain)]
    words = rule(args, program)
    if gone:
        return [command(args, program, "-D", chain, *words)]
    if args["action"] == "insert":
        number = [str(args["rule_num"])] if args["rule_num"] else []
        return [command(args, program, "-I", chain, *number, *words)]
    return [command(args, program, "-A", chain, *words)]


def result(args: Args, found: State, _wanted: State, _changed: bool) -> State:
    """Say of the rule what was asked."""
    program = next(iter(found["there"]))
    names = ("ip_version", "table", "chain", "flush", "state", "chain_management", "wait")
    fields = {name: args[name] for name in names}
    fields["rule"] = " ".join(rule(args, program))
    return fields


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps of this module what will be there."""
    effects = []
    for program, there in found["there"].items():
        goal, want = found["goal"], wanted["there"][program]
        place = _place(args, program)
        if goal == "flush":
            effects.append(Effect("iptables", place, {"flushed": found["flushed"][program] + 1}))
        elif goal == "policy":
            effects.append(Effect("iptables", place + " policy", {"policy": want}))
        elif goal == "chain":
            effects.append(Effect("iptables", place + " chain", {"state": want}))
        elif there != want:
            key = " ".join([place, *rule(args, program)])
            value = {"state": want, "after": found["flushed"][program]}
            effects.append(Effect("iptables", key, value))
    return effects


module = Module(
    "iptables",
    args={
        "action": Arg(default="append", choices=("append", "insert")),
        "chain": Arg(),
        "chain_management": Arg("bool", default=False),
        "comment": Arg(),
        "ctstate": Arg("list", elements="str", default=()),
        "destination": Arg(),
        "destination_port": Arg(),
        "destination_ports": Arg("list", elements="str", default=()),
        "dst_range": Arg(),
        "flush": Arg("bool", default=False),
        "fragment": Arg(),
        "gateway": Arg(),
        "gid_owner": Arg(),
        "goto": Arg(),
        "icmp_type": Arg(),
        "in_interface": Arg(),
        "ip_version": Arg(default="ipv4", choices=("ipv4", "ipv6", "both")),
        "jump": Arg(),
        "limit": Arg(),
        "limit_burst": Arg(),
        "log_level": Arg(choices=_LEVELS),
        "log_prefix": Arg(),
        "match": Arg("list", elements="str", default=()),
        "match_set": Arg(),
        "match_set_flags": Arg(choices=("src", "dst", "src,dst", "dst,src", "dst,dst", "src,src")),
        "numeric": Arg("bool", default=False),
        "out_interface": Arg(),
        "policy": Arg(choices=("ACCEPT", "DROP", "QUEUE", "RETURN")),
        "protocol": Arg(),
        "reject_with": Arg(),
        "rule_num": Arg(),
        "set_counters": Arg(),
        "set_dscp_mark": Arg(),
        "set_dscp_mark_class": Arg(),
        "source": Arg(),
        "source_port": Arg(),
        "src_range": Arg(),
        "state": Arg(default="present", choices=("absent", "present")),
        "syn": Arg(default="ignore", choices=("ignore", "match", "negate")),
        "table": Arg(default="filter", choices=("filter", "nat", "mangle", "raw", "security")),
        "tcp_flags": Arg("dict"),
        "to_destination": Arg(),
        "to_ports": Arg(),
        "to_source": Arg(),
        "uid_owner": Arg(),
        "wait": Arg(),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    exclusive=("iptables",),
    result=result,
    complete=True,
    foresee=foresee,
    verify=("there",),
    fields=("rule", "there"),
    exclusive_args=(("set_dscp_mark", "set_dscp_mark_class"),),
)
