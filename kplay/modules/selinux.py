"""selinux: the mode and policy of SELinux, now and at the next boot."""

import re
from typing import TYPE_CHECKING, List

from kplay.modules import textfile
from kplay.modules.api import Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

ENFORCE = "/sys/fs/selinux/enforce"
"""Holds 1 or 0 where SELinux is enabled, and is not there where it is disabled."""


def running(probe: "Probe") -> str:
    """The mode of the running kernel: enforcing, permissive or disabled."""
    planned = probe.effect("selinux", "mode")
    if isinstance(planned, dict):
        return str(planned["mode"])
    if probe.stat(ENFORCE) is None:
        return "disabled"
    return "enforcing" if probe.read(ENFORCE).strip() == b"1" else "permissive"


def observe(probe: "Probe", args: Args) -> State:
    """Read the file and ask the kernel."""
    path = args["configfile"]
    if probe.stat(path) is None:
        message = f"Unable to find file {path}"
        raise lacking(probe, f"file {path}", message)
    if args["state"] != "disabled" and not args["policy"]:
        raise ModuleFailure("Policy is required if state is not 'disabled'")
    text = textfile.decode(probe.read(path))
    found = {"text": text, "running": running(probe)}
    found["config_state"] = _value(text, "SELINUX")
    found["policy"] = _value(text, "SELINUXTYPE")
    if args["update_kernel_param"]:
        done = probe.query(["grubby", "--info=ALL"])
        found["kernel_param"] = "selinux=0" if "selinux=0" in done.stdout else ""
    return found


def _value(text: str, name: str) -> str:
    values = re.findall(rf"(?m)^{name}=\s*(.*?)\s*$", text)
    return values[-1] if values else ""


def desire(args: Args, found: State) -> State:
    """Want the file to say it, and the kernel to do it as far as it can without a boot."""
    state = args["state"]
    wanted = {"config_state": state, "running": _now(state, found["running"])}
    if args["policy"]:
        wanted["policy"] = args["policy"]
    if args["update_kernel_param"]:
        wanted["kernel_param"] = "selinux=0" if state == "disabled" else ""
    return wanted


def _now(state: str, running_mode: str) -> str:
    if running_mode == "disabled":
        return "disabled"
    # it cannot be disabled in a running kernel
    return "permissive" if state == "disabled" else state


def reboot_required(state: str, running_mode: str) -> bool:
    """Whether the mode asked for takes a boot."""
    return (state == "disabled") != (running_mode == "disabled")


def edit(found: State, wanted: State) -> str:
    """The file's text as it should be."""
    lines: List[str] = found["text"].splitlines()
    for name, field in (("SELINUX", "config_state"), ("SELINUXTYPE", "policy")):
        if field not in wanted:
            continue
        new = f"{name}={wanted[field]}"
        places = [index for index, one in enumerate(lines) if one.startswith(name + "=")]
        for index in places:
            lines[index] = new
        if not places:
            lines.append(new)
    return "".join(line + "\n" for line in lines)


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Write the file, and switch the kernel."""
    text = edit(found, wanted)
    if text != found["text"]:
        host.write(args["configfile"], textfile.encode(text))
    if wanted["running"] != found["running"]:
        _run(host, ["setenforce", "1" if wanted["running"] == "enforcing" else "0"])
    if wanted.get("kernel_param", "") != found.get("kernel_param", ""):
        option = "--args" if wanted["kernel_param"] else "--remove-args"
        _run(host, ["grubby", "--update-kernel=ALL", option, "selinux=0"])
    return {}


def _run(host: "Host", argv: List[str]) -> None:
    done = host.run(argv)
    if done.rc != 0:
        message = f"{' '.join(argv)}: {(done.stderr or done.stdout).strip()}"
        raise ModuleFailure(message, rc=done.rc)


def result(args: Args, found: State, wanted: State, _changed: bool) -> State:
    """Say what is set, and whether it takes a boot."""
    said = []
    for field, what in (("policy", "SELinux policy"), ("config_state", "Config SELinux state")):
        if field in wanted and wanted[field] != found[field]:
            said.append(f"{what} changed from '{found[field]}' to '{wanted[field]}'")
    boot = reboot_required(args["state"], found["running"])
    return {
        "msg": ", ".join(said),
        "configfile": args["configfile"],
        "policy": args["policy"] or found["policy"],
        "state": args["state"],
        "reboot_required": boot,
    }


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps the file and the mode."""
    return [
        textfile.effect(args["configfile"], edit(found, wanted)),
        Effect("selinux", "mode", {"mode": wanted["running"]}),
    ]


module = Module(
    "selinux",
    args={
        "state": Arg(required=True, choices=("disabled", "enforcing", "permissive")),
        "policy": Arg(),
        "configfile": Arg("path", default="/etc/selinux/config", aliases=("conf", "file")),
        "update_kernel_param": Arg("bool", default=False),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    result=result,
    complete=True,
    foresee=foresee,
    verify=("config_state", "policy", "running", "kernel_param"),
    untested=True,
)
