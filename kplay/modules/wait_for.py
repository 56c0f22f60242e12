"""wait_for: wait until a port, a file, a text or the end of a host's connections is there."""

import re
import socket
from typing import TYPE_CHECKING, Any, List, Tuple

from kplay.agent.host import UnknownValue
from kplay.modules import lines
from kplay.modules.api import Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

ACTIVE = ("ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "SYN_RECV", "SYN_SENT", "TIME_WAIT")

# the kernel's numbers in /proc/net/tcp
STATES = {
    "01": "ESTABLISHED",
    "02": "SYN_SENT",
    "03": "SYN_RECV",
    "04": "FIN_WAIT1",
    "05": "FIN_WAIT2",
    "06": "TIME_WAIT",
    "07": "CLOSE",
    "08": "CLOSE_WAIT",
    "09": "LAST_ACK",
    "0A": "LISTEN",
    "0B": "CLOSING",
}

# prints what a port says until it closes, the pattern's turn comes after; argv: host, port, seconds
LISTEN = """\
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3]))
s.settimeout(float(sys.argv[3]))
try:
    while True:
        data = s.recv(4096)
        if not data:
            break
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
except socket.timeout:
    pass
"""


def observe(probe: "Probe", args: Args) -> State:
    """Look once; what needs more than a look is left for the run."""
    check(args)
    found = {"met": False, "planning": probe.scratch()}  # type: State
    if not args.get("port") and not args.get("path"):
        return found
    if args.get("port") and args.get("search_regex"):
        return found
    limit = float(args.get("connect_timeout") or 5)
    try:
        found.update(look(probe, args, min(limit, 1.0) if probe.scratch() else limit))
    except UnknownValue:
        found["met"] = False
    return found


def check(args: Args) -> None:
    """Refuse arguments that do not go together."""
    state = args.get("state") or "started"
    if args.get("path") and state in ("stopped", "drained"):
        msg = "state=%s should only be used for checking a port in the wait_for module" % state
        raise ModuleFailure(msg)
    if args.get("exclude_hosts") and state != "drained":
        raise ModuleFailure("exclude_hosts should only be with state=drained")


def look(probe: "Probe", args: Args, limit: float) -> State:
    """Say whether the condition is met now, and what matched."""
    state = args.get("state") or "started"
    if args.get("path"):
        return look_at_path(probe, args, state)
    host, port = args.get("host") or "127.0.0.1", int(args["port"])
    if state == "drained":
        return {"met": not connections(probe, args, host, port)}
    answers = probe.connect(host, port, limit)
    return {"met": answers == (state in ("started", "present"))}


def look_at_path(probe: "Probe", args: Args, state: str) -> State:
    """Say whether a file, or a text in it, is there or gone as asked."""
    there = probe.stat(args["path"])
    pattern = args.get("search_regex")
    if not pattern:
        return {"met": (there is not None) == (state in ("started", "present"))}
    match = None
    if there is not None and there.state == "file":
        text = probe.read(args["path"]).decode("utf-8", "surrogateescape")
        match = re.search(pattern, text, re.MULTILINE)
    if state == "absent":
        return {"met": match is None}
    return matched(match)


def matched(match: Any) -> State:
    """Give what a pattern found."""
    if match is None:
        return {"met": False}
    return {"met": True, "groups": list(match.groups()), "named": match.groupdict()}


def connections(probe: "Probe", args: Args, host: str, port: int) -> List[str]:
    """Give the peers that are still connected to a port of this host."""
    excluded = set(args.get("exclude_hosts") or [])
    counted = args.get("active_connection_states") or ACTIVE
    found = []  # type: List[str]
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in lines.of(probe, path)[1:]:
            words = line.split()
            if len(words) < 4 or STATES.get(words[3]) not in counted:
                continue
            (local, local_port), (peer, _) = address(words[1]), address(words[2])
            if local_port != port or peer in excluded:
                continue
            if host in ("0.0.0.0", "::", local):  # noqa: S104
                found.append(peer)
    return found


def address(text: str) -> Tuple[str, int]:
    """Read an address of /proc/net/tcp: words of the host's byte order, then the port."""
    packed, _, port = text.partition(":")
    data = b"".join(
        bytes(reversed(bytearray.fromhex(packed[at : at + 8]))) for at in range(0, len(packed), 8)
    )
    if len(data) == 4:
        return socket.inet_ntop(socket.AF_INET, data), int(port, 16)
    if data[:12] == b"\0" * 10 + b"\xff\xff":
        return socket.inet_ntop(socket.AF_INET, data[12:]), int(port, 16)
    return socket.inet_ntop(socket.AF_INET6, data), int(port, 16)


def desire(args: Args, found: State) -> State:
    """Wait unless it is so already; a delay is waited for in any case."""
    if found["met"] and (found["planning"] or not args.get("delay")):
        return {}
    if args.get("port"):
        what = "%s:%s" % (args.get("host") or "127.0.0.1", args["port"])
    else:
        what = args.get("path") or "%s seconds" % args.get("timeout", 300)
    return {"condition": "%s %s" % (what, args.get("state") or "started")}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give the fields of a condition that is met already."""
    return {} if wanted else fields(args, found, 0)


def fields(args: Args, found: State, elapsed: int) -> State:
    """Give Ansible's fields."""
    given: State = {
        "state": args.get("state") or "started",
        "port": args.get("port"),
        "path": args.get("path"),
        "search_regex": args.get("search_regex"),
        "match_groups": found.get("groups", []),
        "match_groupdict": found.get("named", {}),
        "elapsed": elapsed,
    }
    given.update(found.get("stat", {}))
    return given


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:  # noqa: ARG001
    """Say which path there is once it has been waited for."""
    if not args.get("path") or args.get("state") == "absent":
        return []
    return [Effect("awaited", args["path"], {})]


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Look again until the condition is met or the time is over."""
    start = now(host)
    timeout = args.get("timeout")
    limit = 300.0 if timeout is None else float(timeout)
    pause = float(args.get("sleep") or 1)
    if args.get("delay"):
        host.sleep(float(args["delay"]))
    if not args.get("port") and not args.get("path"):
        host.sleep(limit)
        return fields(args, {}, int(now(host) - start))
    while now(host) - start < limit or limit == 0:
        met = once(host, args, limit - (now(host) - start))
        if met["met"]:
            met["stat"] = stat_fields(host, args)
            return fields(args, met, int(now(host) - start))
        if limit == 0:
            break
        host.sleep(min(pause, max(limit - (now(host) - start), 0.05)))
    elapsed = int(now(host) - start)
    raise ModuleFailure(args.get("msg") or late(args), elapsed=elapsed)


def once(host: "Host", args: Args, left: float) -> State:
    """Look once, for no longer than is left."""
    wait = max(min(float(args.get("connect_timeout") or 5), left), 0.1)
    if args.get("port") and args.get("search_regex"):
        program = host.which("python3") or "/usr/libexec/platform-python"
        target = [args.get("host") or "127.0.0.1", str(args["port"]), str(wait)]
        heard = host.run([program, "-I", "-c", LISTEN, *target], timeout=wait * 2 + 5)
        return matched(re.search(args["search_regex"], heard.stdout, re.MULTILINE))
    return look(host, args, wait)


def stat_fields(host: "Host", args: Args) -> State:
    """Describe the path that was waited for."""
    there = host.stat(args["path"]) if args.get("path") else None
    if there is None:
        return {}
    return {
        "state": there.state,
        "mode": "%04o" % there.mode,
        "owner": there.owner,
        "group": there.group,
        "uid": there.uid,
        "gid": there.gid,
        "size": there.size,
    }


def now(host: "Host") -> float:
    """Give the host's clock."""
    return float(host.facts()["now"])


def late(args: Args) -> str:
    """Say what was waited for in vain, in Ansible's words."""
    state, pattern = args.get("state") or "started", args.get("search_regex")
    if args.get("port"):
        where = "%s:%s" % (args.get("host") or "127.0.0.1", args["port"])
        if pattern:
            return "Timeout when waiting for search string %s in %s" % (pattern, where)
        if state in ("absent", "stopped"):
            return "Timeout when waiting for %s to stop." % where
        drained = "Timeout when waiting for %s to drain" % where
        return drained if state == "drained" else "Timeout when waiting for %s" % where
    if state == "absent":
        return "Timeout when waiting for %s to be absent." % args["path"]
    if pattern:
        return "Timeout when waiting for search string %s in %s" % (pattern, args["path"])
    return "Timeout when waiting for file %s" % args["path"]


module = Module(
    "wait_for",
    args={
        "host": Arg("str", default="127.0.0.1"),
        "timeout": Arg("int", default=300),
        "connect_timeout": Arg("int", default=5),
        "delay": Arg("int", default=0),
        "port": Arg("int"),
        "active_connection_states": Arg("list", default=list(ACTIVE), elements="str"),
        "path": Arg("path"),
        "search_regex": Arg("str"),
        "state": Arg(
            "str",
            default="started",
            choices=("absent", "drained", "present", "started", "stopped"),
        ),
        "exclude_hosts": Arg("list", elements="str"),
        "sleep": Arg("int", default=1),
        "msg": Arg("str"),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    kind="wait",
    reach="cluster",
    result=result,
    foresee=foresee,
    exclusive_args=(("port", "path"),),
    also_known_as=("ansible.builtin.wait_for",),
)
