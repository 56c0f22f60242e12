"""hostname: the name of the host, now and after a reboot."""

import re
from typing import TYPE_CHECKING, List

from kplay.modules import textfile
from kplay.modules.api import Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

FILE = "/etc/hostname"
KERNEL = "/proc/sys/kernel/hostname"
# where Red Hat's releases before systemd keep it
NETWORK = "/etc/sysconfig/network"
_SETS = re.compile(r"HOSTNAME\s*=")


def observe(probe: "Probe", args: Args) -> State:
    """Read the name that the kernel has, and the one that is set at boot."""
    planned = probe.effect("sysctl", "kernel.hostname")
    running = str(planned) if planned is not None else textfile.decode(probe.read(KERNEL)).strip()
    path = _file(args)
    text = textfile.decode(probe.read(path)) if probe.stat(path) is not None else ""
    lines = [line.strip() for line in text.splitlines()]
    named = [line for line in lines if line and not line.startswith("#")]
    if path == NETWORK:
        named = [_value(line) for line in named if _SETS.match(line)]
    at_boot = named[-1 if path == NETWORK else 0] if named else ""
    return {"name": running, "at_boot": at_boot, "text": text}


def _file(args: Args) -> str:
    return NETWORK if args["use"] == "redhat" else FILE


def _value(line: str) -> str:
    return line.partition("=")[2].strip().strip("\"'")


def _content(args: Args, found: State) -> bytes:
    """What the file that is read at boot is to hold."""
    name = args["name"]
    if _file(args) == FILE:
        return textfile.encode(name + "\n")
    kept = [line for line in found["text"].splitlines() if not _SETS.match(line.strip())]
    return textfile.encode("".join(line + "\n" for line in [*kept, f"HOSTNAME={name}"]))


def desire(args: Args, _found: State) -> State:
    """Want both to be the name given."""
    return {"name": args["name"], "at_boot": args["name"]}


def apply(host: "Host", args: Args, found: State, _wanted: State) -> State:
    """Write the file, then tell the kernel."""
    name = args["name"]
    if found["at_boot"] != name:
        host.write(_file(args), _content(args, found))
    if found["name"] != name:
        argv = ["hostname", name]
        if args["use"] == "systemd" or (args["use"] is None and _has_systemd(host)):
            argv = ["hostnamectl", "set-hostname", name]
        done = host.run(argv)
        if done.rc != 0:
            message = f"Command failed rc={done.rc}, out={done.stdout}, err={done.stderr}"
            raise ModuleFailure(message, rc=done.rc)
    return {}


def _has_systemd(host: "Host") -> bool:
    return bool(host.which("hostnamectl")) and host.stat("/run/systemd/system") is not None


def result(args: Args, _found: State, _wanted: State, _changed: bool) -> State:
    """Return the name, and the facts that follow from it."""
    name = str(args["name"])
    domain = name.partition(".")[2]
    facts = {
        "ansible_hostname": name.split(".", 1)[0],
        "ansible_nodename": name,
        "ansible_fqdn": name,
        "ansible_domain": domain,
    }
    return {"name": name, "ansible_facts": facts}


def foresee(args: Args, found: State, _wanted: State) -> List[Effect]:
    """Tell later steps the file and the kernel's name."""
    return [
        textfile.effect(_file(args), textfile.decode(_content(args, found))),
        Effect("sysctl", "kernel.hostname", args["name"]),
    ]


module = Module(
    "hostname",
    args={
        "name": Arg(required=True),
        "use": Arg(choices=("systemd", "debian", "generic", "redhat")),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    result=result,
    complete=True,
    foresee=foresee,
    verify=("name", "at_boot"),
)
