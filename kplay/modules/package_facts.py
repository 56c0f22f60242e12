"""package_facts: the packages of a host and their versions."""

from typing import TYPE_CHECKING, Dict, List

from kplay.modules.api import ABSENT, Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe

Packages = Dict[str, List[Dict[str, str]]]

DPKG = "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${Section}\n"
RPM = "%{NAME}\t%{VERSION}\t%{RELEASE}\t%{EPOCH}\t%{ARCH}\n"


def observe(probe: "Probe", args: Args) -> State:
    """Ask dpkg or rpm, whichever the host has."""
    asked = [str(one) for one in args.get("manager") or ["auto"]]
    found = {}  # type: Packages
    managers = 0
    if {"auto", "apt"} & set(asked) and probe.which("dpkg-query"):
        managers += 1
        found.update(dpkg(probe))
    wants_rpm = {"auto", "rpm", "yum", "dnf", "dnf5", "zypper"} & set(asked)
    if wants_rpm and not (managers and args.get("strategy") != "all") and probe.which("rpm"):
        managers += 1
        found.update(rpm(probe))
    if not managers:
        raise ModuleFailure("Could not detect a supported package manager: %s" % ", ".join(asked))
    if probe.scratch():
        foresee(probe, found)
    return {"ansible_facts": {"packages": found}}


def foresee(probe: "Probe", found: Packages) -> None:
    """Put in what earlier planned steps will have made of the packages."""
    for name in sorted(probe.planned("package")):
        effect = probe.effect("package", name)
        if not isinstance(effect, dict):
            continue
        if effect.get("state") == ABSENT:
            found.pop(name, None)
        else:
            one = {"name": name, "version": effect.get("version") or "", "source": "apt"}
            found[name] = [dict(found.get(name, [{}])[0], **one)]


def dpkg(probe: "Probe") -> Packages:
    """List the packages that dpkg has installed."""
    found = {}  # type: Packages
    for line in probe.query(["dpkg-query", "-W", "-f", DPKG]).stdout.splitlines():
        status, name, version, arch, section = (line.split("\t") + [""] * 5)[:5]
        if status == "installed":
            one = {
                "name": name,
                "version": version,
                "arch": arch,
                "category": section,
                "origin": "",
                "source": "apt",
            }
            found.setdefault(name, []).append(one)
    return found


def rpm(probe: "Probe") -> Packages:
    """List the packages that rpm has installed."""
    found = {}  # type: Packages
    for line in probe.query(["rpm", "-qa", "--queryformat", RPM]).stdout.splitlines():
        name, version, release, epoch, arch = (line.split("\t") + [""] * 5)[:5]
        one = {
            "name": name,
            "version": version,
            "release": release,
            "epoch": "" if epoch == "(none)" else epoch,
            "arch": arch,
            "source": "rpm",
        }
        found.setdefault(name, []).append(one)
    return found


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Want nothing."""
    return {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give the packages."""
    return dict(found)


module = Module(
    "package_facts",
    args={
        "manager": Arg("list", default=["auto"], elements="str"),
        "strategy": Arg("str", default="first", choices=("first", "all")),
    },
    observe=observe,
    desire=desire,
    kind="read",
    reach="host",
    result=result,
    complete=True,
    also_known_as=("ansible.builtin.package_facts",),
)
