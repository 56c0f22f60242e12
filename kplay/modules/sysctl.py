"""sysctl: a kernel parameter, in its file and in the running kernel."""

import posixpath
import re
from typing import TYPE_CHECKING, Any, List

from kplay.modules import paths, textfile
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

_ASSIGNMENT = re.compile(r"^\s*-?\s*([^#;=\s]+)\s*=\s*(.*?)\s*$")


# the kernel has these under two names
TWINS = {
    "net.ipv4.ip_forward": ("net.ipv4.conf.all.forwarding",),
    "net.ipv4.conf.all.forwarding": ("net.ipv4.ip_forward",),
}


def proc_path(name: str) -> str:
    """Where the running value of a parameter is read.

    The first separator decides: ``a.b/c`` names the directory ``b.c``, ``a/b.c`` too.
    """
    first = re.search(r"[./]", name)
    if first is not None and first.group(0) == ".":
        name = name.translate(str.maketrans("./", "/."))
    return "/proc/sys/" + name


def running(probe: "Probe", name: str) -> Any:
    """The value that the kernel has, or will have by earlier steps of a plan; None when none."""
    planned = probe.effect("sysctl", name)
    if planned is not None:
        return planned
    path = proc_path(name)
    if probe.stat(path) is None:
        return None
    return _normal(textfile.decode(probe.read(path)))


def _normal(value: str) -> str:
    return " ".join(value.split())


def _asked(args: Args) -> str:
    value = args["value"]
    if value is None or not value.strip():
        what = "None" if value is None else "blank"
        raise ModuleFailure(f"value cannot be {what}")
    word = value.strip().lower()
    if word in ("y", "yes", "on", "true", "t"):
        return "1"
    if word in ("n", "no", "off", "false", "f"):
        return "0"
    return _normal(value)


def _same(one: str, other: str) -> bool:
    return one.replace("/", ".") == other.replace("/", ".")


def observe(probe: "Probe", args: Args) -> State:
    """Read the file's value and the kernel's."""
    path = paths.real(probe, args["sysctl_file"])
    text = ""
    if probe.stat(path) is not None:
        text = textfile.decode(probe.read(path))
    elif args["state"] == "present" and probe.stat(posixpath.dirname(path)) is None:
        parent = posixpath.dirname(path)
        raise lacking(probe, f"directory {parent}", f"directory {parent} does not exist")
    found: State = {"path": path, "text": text, "state": ABSENT}
    for line in text.splitlines():
        match = _ASSIGNMENT.match(line)
        if match and _same(match.group(1), args["name"]):
            found.update(state="present", value=_normal(match.group(2)))
    if args["state"] == "present":
        found["asked"] = _asked(args)
        if args["sysctl_set"]:
            found["running"] = running(probe, args["name"])
    return found


def desire(args: Args, found: State) -> State:
    """Want the line in the file and, with ``sysctl_set``, the value in the kernel."""
    if args["state"] == ABSENT:
        return {"state": ABSENT}
    wanted = {"state": "present", "value": found["asked"]}
    if args["sysctl_set"]:
        wanted["running"] = found["asked"]
    if found["state"] == ABSENT or found["value"] != found["asked"]:
        # For the reader of a plan: the file that will be written
        wanted["file"] = found["path"]
    return wanted


def edit(args: Args, text: str, value: str) -> str:
    """The file with the parameter set once, or taken out."""
    lines, done = [], args["state"] == ABSENT
    for line in text.splitlines():
        match = _ASSIGNMENT.match(line)
        if match and _same(match.group(1), args["name"]):
            if not done:
                lines.append(f"{args['name']}={value}")
            done = True
            continue
        lines.append(line)
    if not done:
        lines.append(f"{args['name']}={value}")
    return "".join(line + "\n" for line in lines)


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Write the file, set the value, load the file."""
    in_file = wanted["state"] != found["state"] or wanted.get("value") != found.get("value")
    tolerant = ["-e"] if args["ignoreerrors"] else []
    if in_file:
        text = edit(args, found["text"], wanted.get("value", ""))
        host.write(found["path"], textfile.encode(text))
    if "running" in wanted and wanted["running"] != found["running"]:
        _run(host, args, ["sysctl", *tolerant, "-w", f"{args['name']}={wanted['running']}"])
    if in_file and args["reload"]:
        _run(host, args, ["sysctl", *tolerant, "-p", found["path"]])
    return {}


def _run(host: "Host", args: Args, argv: List[str]) -> None:
    done = host.run(argv)
    if done.rc != 0 and not args["ignoreerrors"]:
        what = "reload" if "-p" in argv else "set"
        message = f"Failed to {what} sysctl: {(done.stderr or done.stdout).strip()}"
        raise ModuleFailure(message, rc=done.rc)


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps the file and the value."""
    text = edit(args, found["text"], wanted.get("value", ""))
    effects = [textfile.effect(found["path"], text)]
    if wanted["state"] != ABSENT and (args["sysctl_set"] or args["reload"]):
        twins = TWINS.get(args["name"].replace("/", "."), ())
        effects += [Effect("sysctl", name, wanted["value"]) for name in (args["name"], *twins)]
    return effects


module = Module(
    "sysctl",
    args={
        "name": Arg(required=True, aliases=("key",)),
        "value": Arg(aliases=("val",)),
        "state": Arg(default="present", choices=("present", "absent")),
        "ignoreerrors": Arg("bool", default=False),
        "reload": Arg("bool", default=True),
        "sysctl_file": Arg("path", default="/etc/sysctl.conf"),
        "sysctl_set": Arg("bool", default=False),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    complete=True,
    foresee=foresee,
    verify=("state", "value"),
)
