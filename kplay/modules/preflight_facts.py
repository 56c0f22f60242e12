"""preflight_facts: what must be known of a host before a cluster is made of it.

Only reads. What it means is judged on the controller, over all hosts together.
"""

from typing import TYPE_CHECKING, Any, Dict, List

from kplay.modules import (
    lines,
    preflight_firewall,
    preflight_kernel,
    preflight_network,
    preflight_ports,
)
from kplay.modules.api import Arg, Args, Module, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe

VERSIONS = {
    "k3s": ["k3s", "--version"],
    "rke2": ["rke2", "--version"],
    "kubelet": ["kubelet", "--version"],
}
"""How programs say which version of Kubernetes they are."""

PACKAGES = ("container-selinux", "k3s-selinux", "rke2-selinux")
"""Packages that hold SELinux policies."""


def observe(probe: "Probe", args: Args) -> State:
    """Look at everything once."""
    known = probe.facts()
    found: State = {
        "began": known["now"],
        "hostname": known["nodename"],
        "kernel": known["release"],
        "architecture": known["machine"],
        "machine_id": lines.text(probe, "/etc/machine-id"),
        "product_uuid": lines.text(probe, "/sys/class/dmi/id/product_uuid").lower(),
        "os": system(probe),
        "memory_mb": memory(probe, "MemTotal") // 1024,
        "swap_mb": memory(probe, "SwapTotal") // 1024,
        "cpus": cpus(probe),
        "disks": disks(probe, [str(one) for one in args.get("disks") or []]),
        "present": [one for one in args.get("paths") or [] if probe.lstat(one) is not None],
        "units": units(probe, [str(one) for one in args.get("units") or []]),
        "versions": versions(probe, [str(one) for one in args.get("programs") or []]),
        "selinux": selinux(probe),
        "apparmor": apparmor(probe),
    }
    found.update(preflight_network.look(probe, args))
    found.update(preflight_kernel.look(probe, args))
    found.update(preflight_ports.look(probe, args))
    found["firewall"] = preflight_firewall.look(probe)
    found["ended"] = probe.facts()["now"]
    return found


def system(probe: "Probe") -> Dict[str, str]:
    """Name and version of the operating system, as os-release has them."""
    said = lines.settings(probe, "/etc/os-release") or lines.settings(probe, "/usr/lib/os-release")
    return {
        "id": said.get("ID", ""),
        "version": said.get("VERSION_ID", ""),
        "like": said.get("ID_LIKE", ""),
        "name": said.get("PRETTY_NAME", ""),
    }


def memory(probe: "Probe", name: str) -> int:
    """Give a line of /proc/meminfo in KiB, 0 where there is none."""
    for line in lines.of(probe, "/proc/meminfo"):
        words = line.split()
        if words and words[0] == name + ":":
            return int(words[1])
    return 0


def cpus(probe: "Probe") -> int:
    """Give the number of processors that a process may use."""
    said = probe.query(["nproc"])
    if said.rc == 0 and said.stdout.strip().isdigit():
        return int(said.stdout)
    text = lines.of(probe, "/proc/cpuinfo")
    return sum(1 for line in text if line.startswith("processor"))


def disks(probe: "Probe", paths: List[str]) -> Dict[str, int]:
    """Give MiB that are free for each path, or for the directory that it will be made in."""
    found: Dict[str, int] = {}
    for path in paths:
        there = path
        while there != "/" and probe.stat(there) is None:
            there = there.rsplit("/", 1)[0] or "/"
        said = probe.query(["df", "-Pk", there]).stdout.splitlines()
        words = said[-1].split() if said else []
        if len(words) > 4 and words[-3].isdigit():
            found[path] = int(words[-3]) // 1024
    return found


def units(probe: "Probe", names: List[str]) -> Dict[str, Dict[str, str]]:
    """Give state and enablement of units that there are."""
    if not names or not probe.which("systemctl"):
        return {}
    asked = ["systemctl", "show", "-p", "Id,LoadState,ActiveState,UnitFileState"]
    found = {}
    for part in probe.query(asked + names).stdout.split("\n\n"):
        one = dict(line.split("=", 1) for line in part.splitlines() if "=" in line)
        if one.get("LoadState") not in (None, "", "not-found"):
            found[one.get("Id", "")] = {
                "active": one.get("ActiveState", ""),
                "enabled": one.get("UnitFileState", ""),
            }
    return found


def versions(probe: "Probe", programs: List[str]) -> Dict[str, str]:
    """Give the version of Kubernetes that a program is of, as vX.Y.Z with what follows."""
    found = {}
    for program in programs:
        argv = VERSIONS.get(program)
        if argv is None or not probe.which(program):
            continue
        for word in probe.query(argv, timeout=10.0).stdout.split():
            if word[:1] == "v" and word[1:2].isdigit():
                found[program] = word
                break
    return found


def selinux(probe: "Probe") -> Dict[str, Any]:
    """Say whether SELinux enforces, and which policies for containers are installed."""
    mode = lines.text(probe, "/sys/fs/selinux/enforce")
    if not mode:
        return {"mode": "disabled", "policies": []}
    asked = PACKAGES if mode == "1" and probe.which("rpm") else ()
    policies = [name for name in asked if probe.query(["rpm", "-q", name]).rc == 0]
    return {"mode": "enforcing" if mode == "1" else "permissive", "policies": policies}


def apparmor(probe: "Probe") -> Dict[str, bool]:
    """Say whether the kernel confines by AppArmor, and whether profiles can be loaded."""
    enabled = lines.text(probe, "/sys/module/apparmor/parameters/enabled") == "Y"
    return {"enabled": enabled, "parser": bool(probe.which("apparmor_parser"))}


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Want nothing."""
    return {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give what was found under one name."""
    return {"preflight": dict(found, address=args["address"], roles=args["roles"])}


module = Module(
    "preflight_facts",
    args={
        "settings": Arg("dict"),
        "address": Arg("str", default=""),
        "roles": Arg("list", default=[], elements="str"),
        "ports": Arg("list", default=[], elements="dict"),
        "units": Arg("list", default=[], elements="str"),
        "own": Arg("list", default=[], elements="str"),
        "paths": Arg("list", default=[], elements="str"),
        "programs": Arg("list", default=[], elements="str"),
        "names": Arg("list", default=[], elements="str"),
        "disks": Arg("list", default=[], elements="str"),
        "kernel_modules": Arg("list", default=[], elements="str"),
        "sysctls": Arg("dict", default={}),
    },
    observe=observe,
    desire=desire,
    kind="read",
    reach="host",
    result=result,
    complete=True,
)
