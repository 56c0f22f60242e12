"""What a host's kernel offers: cgroups, modules and settings."""

from typing import TYPE_CHECKING, Any, Dict, List

from kplay.modules import lines
from kplay.modules.api import Args, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe

STANDS_FOR = {
    "br_netfilter": "/proc/sys/net/bridge",
    "nf_conntrack": "/proc/sys/net/netfilter/nf_conntrack_max",
    "ip_tables": "/proc/net/ip_tables_names",
}
"""Files that are there when a module is at work, whether loaded or built in."""


def look(probe: "Probe", args: Args) -> State:
    """Look at the cgroups, at each module, and at each setting."""
    names = [str(one) for one in args.get("kernel_modules") or []]
    return {
        "cgroup": cgroup(probe),
        "kernel_modules": modules(probe, names),
        "sysctls": settings(probe, [str(name) for name in args.get("sysctls") or {}]),
    }


def cgroup(probe: "Probe") -> Dict[str, Any]:
    """Give the version of the hierarchy and the controllers that are on."""
    if probe.stat("/sys/fs/cgroup/cgroup.controllers") is not None:
        said = lines.text(probe, "/sys/fs/cgroup/cgroup.controllers")
        return {"version": 2, "controllers": said.split()}
    found = []
    for line in lines.of(probe, "/proc/cgroups"):
        words = line.split()
        if len(words) == 4 and words[3] == "1":
            found.append(words[0])
    return {"version": 1 if found else 0, "controllers": found}


def modules(probe: "Probe", names: List[str]) -> Dict[str, str]:
    """Say of each module whether it is loaded, built in, to be had, missing, or untold.

    Where no kernel's modules lie (in a container, or with a kernel in one piece), what is neither
    loaded nor seen at work may still be built in.
    """
    if not names:
        return {}
    loaded = {line.split()[0] for line in lines.of(probe, "/proc/modules") if line.split()}
    systems = {line.split()[-1] for line in lines.of(probe, "/proc/filesystems") if line.split()}
    under = "/lib/modules/%s/" % probe.facts()["release"]
    built = {_name(line) for line in lines.of(probe, under + "modules.builtin")}
    there = {_name(line.split(":")[0]) for line in lines.of(probe, under + "modules.dep")}
    found = {}
    for asked in names:
        name = asked.replace("-", "_")
        path = STANDS_FOR.get(name)
        if name in loaded:
            found[asked] = "loaded"
        elif name in built or name in systems or (path and probe.stat(path) is not None):
            found[asked] = "built in"
        elif name in there:
            found[asked] = "available"
        else:
            found[asked] = "missing" if probe.listdir("/lib/modules") else "untold"
    return found


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1].split(".ko", maxsplit=1)[0].replace("-", "_")


def settings(probe: "Probe", names: List[str]) -> Dict[str, Dict[str, Any]]:
    """Give the value of each setting, and whether the kernel has it and lets it be written."""
    options: Dict[str, List[str]] = {}
    for line in lines.of(probe, "/proc/mounts"):
        words = line.split()
        if len(words) > 3:
            options[words[1]] = words[3].split(",")
    found = {}
    for name in names:
        path = "/proc/sys/" + name.replace(".", "/")
        stat = probe.stat(path)
        one: Dict[str, Any] = {"exists": stat is not None, "writable": False, "value": ""}
        if stat is not None:
            holds = [at for at in options if path == at or path.startswith(at.rstrip("/") + "/")]
            mount = max(holds, key=len) if holds else ""
            one["writable"] = bool(stat.mode & 0o200) and "ro" not in options.get(mount, [])
            one["value"] = " ".join(lines.text(probe, path).split())
        found[name] = one
    return found
