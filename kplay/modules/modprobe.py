"""modprobe: a kernel module, loaded now and at every boot."""

import re
import shlex
from typing import TYPE_CHECKING, Any, Dict, List

from kplay.modules import textfile
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

LOAD, OPTIONS = "/etc/modules-load.d", "/etc/modprobe.d"


def loaded(probe: "Probe", name: str) -> bool:
    """Whether the kernel has the module, or will have it by earlier steps of a plan."""
    planned = probe.effect("kernel_module", _plain(name))
    if isinstance(planned, dict) and "loaded" in planned:
        return bool(planned["loaded"])
    if probe.stat("/proc/modules") is not None:
        for line in textfile.decode(probe.read("/proc/modules")).splitlines():
            if line.split(" ", 1)[0] == _plain(name):
                return True
    builtin = "/lib/modules/{}/modules.builtin".format(probe.facts()["release"])
    if probe.stat(builtin) is None:
        return False
    ends = re.compile("/{}\\.ko$".format(re.escape(_plain(name))), re.MULTILINE)
    return bool(ends.search(textfile.decode(probe.read(builtin)).replace("-", "_")))


def _plain(name: str) -> str:
    return name.replace("-", "_")


def observe(probe: "Probe", args: Args) -> State:
    """Look at the running kernel, and at the files read at boot unless they do not matter."""
    found: State = {"state": "present" if loaded(probe, args["name"]) else ABSENT}
    if args["persistent"] == "disabled":
        return found
    found["files"] = {}
    lines: List[str] = []
    params: List[str] = []
    for directory in (LOAD, OPTIONS):
        for path in probe.glob(directory + "/*.conf"):
            text = textfile.decode(probe.read(path))
            if any(_concerns(line, args["name"], directory) for line in text.splitlines()):
                found["files"][path] = text
                for line in text.splitlines():
                    if _concerns(line, args["name"], directory):
                        (lines if directory == LOAD else params).append(line)
    found["at_boot"] = "present" if lines else ABSENT
    found["options"] = sorted({" ".join(line.split()[2:]) for line in params})
    return found


def _concerns(line: str, name: str, directory: str) -> bool:
    words = line.split()
    if directory == LOAD:
        return words == [words[0]] and _plain(words[0]) == _plain(name) if words else False
    return len(words) > 1 and words[0] == "options" and _plain(words[1]) == _plain(name)


def desire(args: Args, _found: State) -> State:
    """Want it loaded or not, and at boot as asked."""
    wanted: State = {"state": args["state"]}
    if args["persistent"] != "disabled":
        wanted["at_boot"] = args["persistent"]
    if args["persistent"] == "present" and args["params"]:
        wanted["options"] = [" ".join(args["params"].split())]
    if args["persistent"] == ABSENT:
        wanted["options"] = []
    return wanted


def _writes(args: Args, found: State, wanted: State) -> Dict[str, str]:
    """The files that are to be written, and their text."""
    writes: Dict[str, str] = {}
    name = args["name"]
    boot = wanted.get("at_boot", found.get("at_boot")) != found.get("at_boot")
    options = wanted.get("options", found.get("options")) != found.get("options")
    for path, text in found.get("files", {}).items():
        directory = LOAD if path.startswith(LOAD) else OPTIONS
        if (directory == LOAD and boot) or (directory == OPTIONS and options):
            lines = text.splitlines()
            kept = ["#" + one if _concerns(one, name, directory) else one for one in lines]
            writes[path] = "".join(line + "\n" for line in kept)
    if boot and wanted["at_boot"] == "present":
        writes[f"{LOAD}/{name}.conf"] = f"{name}\n"
    if options and wanted["options"]:
        writes[f"{OPTIONS}/{name}.conf"] = f"options {name} {wanted['options'][0]}\n"
    return writes


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Load or unload it, and write the files."""
    returned: Dict[str, Any] = {}
    if wanted["state"] != found["state"]:
        words = ["-r", args["name"]]
        if wanted["state"] == "present":
            words = [args["name"], *shlex.split(args["params"])]
        done = host.run(["modprobe", *words])
        returned = {"rc": done.rc, "stdout": done.stdout, "stderr": done.stderr}
        if done.rc != 0:
            message = done.stderr.strip() or f"modprobe ended with status {done.rc}"
            raise ModuleFailure(message, name=args["name"], **returned)
    for path, text in sorted(_writes(args, found, wanted).items()):
        directory = path.rsplit("/", 1)[0]
        if host.stat(directory) is None:
            host.mkdir(directory, 0o755)
        host.write(path, textfile.encode(text))
    return {}


def result(args: Args, _found: State, _wanted: State, _changed: bool) -> State:
    """Name the module."""
    return {"name": args["name"], "params": args["params"], "state": args["state"]}


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps that it is loaded, and the files."""
    present = wanted["state"] == "present"
    effects = [Effect("kernel_module", _plain(args["name"]), {"loaded": present})]
    for path, text in sorted(_writes(args, found, wanted).items()):
        effects.append(textfile.effect(path, text))
    return effects


module = Module(
    "modprobe",
    args={
        "name": Arg(required=True),
        "state": Arg(default="present", choices=("absent", "present")),
        "params": Arg(default=""),
        "persistent": Arg(default="disabled", choices=("disabled", "present", "absent")),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    result=result,
    complete=True,
    foresee=foresee,
    verify=("state", "at_boot", "options"),
    fields=("state", "at_boot", "options"),
)
