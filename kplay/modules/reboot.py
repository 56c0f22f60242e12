"""reboot: the host starts anew; the controller waits until it answers again."""

import shlex
from typing import TYPE_CHECKING, Dict

from kplay.modules.api import Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

ARGS: Dict[str, Arg] = {
    "pre_reboot_delay": Arg("int", default=0, aliases=("pre_reboot_delay_sec",)),
    "post_reboot_delay": Arg("int", default=0, aliases=("post_reboot_delay_sec",)),
    "reboot_timeout": Arg("int", default=600, aliases=("reboot_timeout_sec",)),
    "connect_timeout": Arg("int", aliases=("connect_timeout_sec",)),
    "test_command": Arg(default="whoami"),
    "msg": Arg(default="Reboot initiated by Ansible"),
    "search_paths": Arg("list", elements="str",
                        default=["/sbin", "/bin", "/usr/sbin", "/usr/bin", "/usr/local/sbin"]),
    "boot_time_command": Arg(default="cat /proc/sys/kernel/random/boot_id"),
    "reboot_command": Arg(),
}  # fmt: skip


def observe(_probe: "Probe", _args: Args) -> State:
    """A host can always be started anew."""
    return {}


def desire(_args: Args, _found: State) -> State:
    """Want it started anew."""
    return {"rebooted": True}


def apply(host: "Host", args: Args, _found: State, _wanted: State) -> State:
    """Have it go down once this step's result has left."""
    if args["pre_reboot_delay"] > 0:
        host.sleep(float(args["pre_reboot_delay"]))
    command = args["reboot_command"]
    if not command:
        folders = [*args["search_paths"], ""]
        found = [one for one in folders if one and host.stat(one + "/shutdown") is not None]
        if not found:
            paths = ", ".join(args["search_paths"])
            raise ModuleFailure(f'Unable to find command "shutdown" in search paths: {paths}')
        # systemd counts minutes, sysvinit and busybox know "now" too
        command = "{}/shutdown -r now {}".format(found[0], shlex.quote(args["msg"]))
    text = f"sleep 1; exec {command}"
    done = host.run(["setsid", "--fork", "sh", "-c", f"({text}) </dev/null >/dev/null 2>&1 &"])
    if done.rc != 0:
        raise ModuleFailure("Reboot command failed: " + done.stderr.strip(), rc=done.rc)
    return {"rebooted": True, "elapsed": 0}


module = Module(
    "reboot",
    args=ARGS,
    observe=observe,
    desire=desire,
    apply=apply,
    kind="action",
)
