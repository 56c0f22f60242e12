"""kubernetes_remains: nothing of a Kubernetes distribution is left on a host.

For distributions that are one program with all in it (K3s, RKE2): pods outlive the service, so
what is left when that has been stopped is processes, mounts, networks, rules and files.
"""

import posixpath
from typing import TYPE_CHECKING, Dict, List, Set

from kplay.modules import packet_filters, units
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

NAMESPACES = "/run/netns/cni-*"
SHIM = "containerd-shim"
"""What containerd puts between itself and each pod, so that pods go on without it."""
FIELDS = ("processes", "mounts", "namespaces", "links", "rules", "left")


def observe(probe: "Probe", args: Args) -> State:
    """List what is left."""
    places = mounts(probe)
    found = {
        "processes": [name for _, name in sorted(processes(probe, args).items())],
        "mounts": below(places, args["mounts"]),
        "namespaces": probe.glob(NAMESPACES),
        "links": links(probe, args["links"]),
        "rules": packet_filters.holding(probe) if args["firewall"] else [],
        "left": left(probe, args, places),
    }  # type: State
    found["state"] = "present" if any(found[name] for name in FIELDS) else ABSENT
    return found


def mounts(probe: "Probe") -> List[str]:
    """Give every mount point, in the order of mounting."""
    lines = probe.read("/proc/self/mounts").decode("utf-8", "replace").splitlines()
    return [unescaped(line.split()[1]) for line in lines if len(line.split()) > 1]


def unescaped(path: str) -> str:
    r"""Read the kernel's spelling of a path, with \040 for a space."""
    for code, letter in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, letter)
    return path


def below(places: List[str], roots: List[str]) -> List[str]:
    """Give the mounts below some directories; the directories may be mounts of the host's own."""
    starts = tuple(root.rstrip("/") + "/" for root in roots)
    return [place for place in places if place.startswith(starts)] if starts else []


def processes(probe: "Probe", args: Args) -> Dict[int, str]:
    """Give the processes whose program lies in one of the places, and all that they started."""
    starts = tuple(one.rstrip("/") + "/" for one in args["programs"])
    stopping = _stops_first(probe, args)
    found = {}  # type: Dict[int, str]
    parents = {}  # type: Dict[int, int]
    names = {}  # type: Dict[int, str]
    for word in probe.listdir("/proc") if starts else []:
        if not word.isdigit():
            continue
        number = int(word)
        try:
            words = probe.read("/proc/%s/stat" % word).decode("utf-8", "replace")
            program = probe.lstat("/proc/%s/exe" % word)
        except ModuleFailure:
            continue  # it has ended meanwhile
        # the name is in brackets and may hold any letter
        names[number] = words[words.find("(") + 1 : words.rfind(")")]
        rest = words[words.rfind(")") + 1 :].split()
        parents[number] = int(rest[1]) if len(rest) > 1 else 0
        its = program is not None and program.target.startswith(starts)
        if its and (names[number].startswith(SHIM) or not stopping):
            found[number] = names[number]
    fresh: Set[int] = set(found)
    while fresh:
        fresh = {one for one, parent in parents.items() if parent in fresh and one not in found}
        found.update((one, names[one]) for one in fresh)
    return found


def _stops_first(probe: "Probe", args: Args) -> bool:
    """Say whether a plan stops the service first: only pods, below shims, outlive it."""
    told = [probe.effect("unit", units.full_name(name)) for name in args["units"]]
    return any(isinstance(one, dict) and one.get("active") is False for one in told)


def links(probe: "Probe", patterns: List[str]) -> List[str]:
    """Give the network interfaces that match."""
    found = []  # type: List[str]
    for pattern in patterns:
        found += [posixpath.basename(one) for one in probe.glob("/sys/class/net/" + pattern)]
    return found


def left(probe: "Probe", args: Args, places: List[str]) -> List[str]:
    """Give the paths that are there; a mount point with nothing in it is as it should be."""
    found = []  # type: List[str]
    for path in args["paths"]:
        there = probe.lstat(path)
        if there is not None and (path not in places or probe.listdir(path)):
            found.append(path)
    going = set(args["paths"])
    for path in args["parents"]:
        if probe.lstat(path) is None or path in places:
            continue
        if all("%s/%s" % (path, name) in going for name in probe.listdir(path)):
            found.append(path)
            going.add(path)
    return found


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Want none of it."""
    return dict({name: [] for name in FIELDS}, state=ABSENT)


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Say what went."""
    return {"removed": {name: found[name] for name in FIELDS if found[name]}}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Take it away: first what holds other things in use."""
    end(host, args)
    for place in sorted(below(mounts(host), args["mounts"]), reverse=True):
        if host.run(["umount", place]).rc != 0:
            host.run(["umount", "--lazy", place])
    for path in host.glob(NAMESPACES):
        host.run(["ip", "netns", "delete", posixpath.basename(path)])
    for link in links(host, args["links"]):
        host.run(["ip", "link", "delete", link])
    for program in packet_filters.holding(host) if args["firewall"] else []:
        packet_filters.clear(host, program)
    places = mounts(host)
    for path in left(host, args, places):
        if path in places:
            for name in host.listdir(path):
                host.remove("%s/%s" % (path, name))
        elif host.lstat(path) is not None:
            host.remove(path)
    return {}


def end(host: "Host", args: Args) -> None:
    """End the processes, and wait until they are gone: nothing of theirs can be saved any more."""
    for _ in range(40):
        running = processes(host, args)
        if not running:
            return
        host.run(["kill", "-KILL", *[str(number) for number in sorted(running)]])
        host.sleep(0.25)
    raise ModuleFailure(
        "processes that do not end: %s" % ", ".join(sorted(set(processes(host, args).values())))
    )


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:  # noqa: ARG001
    """Say which paths will be gone."""
    return [Effect("path", path, {"state": ABSENT}) for path in found["left"]]


module = Module(
    "kubernetes_remains",
    args={
        "programs": Arg("list", elements="path", default=[]),
        "units": Arg("list", elements="str", default=[]),
        "mounts": Arg("list", elements="path", default=[]),
        "links": Arg("list", elements="str", default=[]),
        "firewall": Arg("bool", default=True),
        "paths": Arg("list", elements="path", default=[]),
        "parents": Arg("list", elements="path", default=[]),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="cluster",
    result=result,
    foresee=foresee,
    verify=("processes", "mounts", "namespaces", "links", "left"),
    fields=FIELDS,
)
