"""hostname: the name of the host, now and after a reboot."""

from typing import TYPE_CHECKING, List

from kplay.modules import textfile
from kplay.modules.api import Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

FILE = "/etc/hostname"
KERNEL = "/proc/sys/kernel/hostname"


def observe(probe: "Probe", _args: Args) -> State:
    """Read the name that the kernel has, and the one that is set at boot."""
    planned = probe.effect("sysctl", "kernel.hostname")
    running = str(planned) if planned is not None else textfile.decode(probe.read(KERNEL)).strip()
    at_boot = ""
    if probe.stat(FILE) is not None:
        lines = textfile.decode(probe.read(FILE)).splitlines()
        named = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        at_boot = named[0] if named else ""
    return {"name": running, "at_boot": at_boot}


def desire(args: Args, _found: State) -> State:
    """Want both to be the name given."""
    return {"name": args["name"], "at_boot": args["name"]}


def apply(host: "Host", args: Args, found: State, _wanted: State) -> State:
    """Write the file, then tell the kernel."""
    name = args["name"]
    if found["at_boot"] != name:
        host.write(FILE, textfile.encode(name + "\n"))
    if found["name"] != name:
        argv = ["hostname", name]
        if host.which("hostnamectl") and host.stat("/run/systemd/system") is not None:
            argv = ["hostnamectl", "set-hostname", name]
        done = host.run(argv)
        if done.rc != 0:
            message = f"Command failed rc={done.rc}, out={done.stdout}, err={done.stderr}"
            raise ModuleFailure(message, rc=done.rc)
    return {}


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


def foresee(args: Args, _found: State, _wanted: State) -> List[Effect]:
    """Tell later steps the file and the kernel's name."""
    return [
        textfile.effect(FILE, args["name"] + "\n"),
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
