"""mount: a file system in its place, now and at boot."""

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional

from kplay.modules import paths, textfile
from kplay.modules.api import ABSENT, UNKNOWN, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

STATES = (
    "absent",
    "absent_from_fstab",
    "mounted",
    "present",
    "unmounted",
    "remounted",
    "ephemeral",
)


class Line(NamedTuple):
    """One line of fstab; what holds no mount keeps its text only."""

    text: str
    src: str = ""
    path: str = ""
    fstype: str = ""
    opts: str = ""
    dump: str = "0"
    passno: str = "0"

    def written(self) -> str:
        """The line as it is written."""
        if not self.path:
            return self.text
        fields = [_escape(one) for one in self[1:]]
        return " ".join(fields)


def _escape(text: str) -> str:
    for plain, escaped in (("\\", "\\134"), (" ", "\\040"), ("\t", "\\011"), ("\n", "\\012")):
        text = text.replace(plain, escaped)
    return text


def _unescape(text: str) -> str:
    for escaped, plain in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(escaped, plain)
    return text


def parse(line: str) -> Line:
    """Read one line of fstab."""
    words = line.split()
    if line.lstrip().startswith("#") or len(words) < 4:
        return Line(line)
    return Line(line, *(_unescape(word) for word in words[:6]))


def mounted(probe: "Probe", path: str) -> Optional[Dict[str, str]]:
    """What is mounted at a path, or will be by earlier steps of a plan, or None."""
    planned = probe.effect("mount", path)
    if isinstance(planned, dict):
        return planned if planned.get("state") != ABSENT else None
    found = None
    for line in textfile.decode(probe.read("/proc/self/mountinfo")).splitlines():
        left, _, right = line.partition(" - ")
        words, tail = left.split(), right.split()
        if len(words) > 5 and len(tail) > 1 and _unescape(words[4]) == path:
            source = _unescape(tail[1])
            found = {"src": source, "root": words[3], "fstype": tail[0], "opts": words[5]}
    return found


def observe(probe: "Probe", args: Args) -> State:
    """Read fstab and the table of mounts."""
    path = args["path"] if args["path"] == "/" else args["path"].rstrip("/")
    text = ""
    if args["state"] in ("present", "mounted", "ephemeral"):
        needed = ["src", "fstype"]
        missing = [name for name in needed if args[name] is None]
        if missing:
            names = ", ".join(missing)
            message = f"state is {args['state']} but all of the following are missing: {names}"
            raise ModuleFailure(message)
    if probe.stat(args["fstab"]) is not None:
        text = textfile.decode(probe.read(args["fstab"]))
    now = mounted(probe, path)
    found: State = {"path": path, "text": text, "mounted": now is not None}
    found["fstab"] = _entry(text, path)
    found["source"] = "the one given" if _same_source(args, now) else "another"
    found["directory"] = "present" if probe.stat(path) else ABSENT
    found["remounted"] = False
    return found


def _entry(text: str, path: str) -> str:
    lines = [parse(line) for line in text.splitlines()]
    fitting = [line.written() for line in lines if line.path == path and line.fstype != "swap"]
    return fitting[-1] if fitting else ""


def _same_source(args: Args, now: Optional[Dict[str, str]]) -> bool:
    if now is None or args["src"] is None:
        return False
    source = str(args["src"])
    if "bind" in (args["opts"] or "").split(","):
        return now.get("root") == source or now.get("src") == source
    # a label or UUID names a device that only the kernel can tell
    return source.startswith(("LABEL=", "UUID=", "PARTUUID=")) or now.get("src") == source


def _line(args: Args, path: str) -> Line:
    options = args["opts"] or "defaults"
    if not args["boot"] and "noauto" not in options.split(","):
        options += ",noauto"
    return Line("", args["src"], path, args["fstype"], options, args["dump"], args["passno"])


def desire(args: Args, found: State) -> State:
    """Want the line of fstab and the mount that the state means."""
    state, path = args["state"], found["path"]
    if state == "absent":
        return {"fstab": "", "mounted": False, "directory": ABSENT}
    if state == "absent_from_fstab":
        return {"fstab": ""}
    if state == "unmounted":
        return {"mounted": False}
    if state == "remounted":
        return {"remounted": True}
    wanted: Dict[str, Any] = {}
    if state != "ephemeral":
        wanted["fstab"] = _line(args, path).written()
    if state != "present":
        wanted.update(mounted=True, directory="present", source="the one given")
    return wanted


def edit(args: Args, found: State) -> str:
    """The text of fstab as it should be."""
    path, lines, done = found["path"], [], False
    keeps = args["state"] in ("present", "mounted")
    for text in found["text"].splitlines():
        line = parse(text)
        if line.path != path or line.fstype == "swap":
            lines.append(text)
        elif keeps and not done:
            lines.append(_line(args, path).written())
            done = True
    if keeps and not done:
        lines.append(_line(args, path).written())
    return "".join(line + "\n" for line in lines)


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Write fstab, make the directory, mount or unmount."""
    path, fields = found["path"], {}
    rewrites = "fstab" in wanted and wanted["fstab"] != found["fstab"]
    if wanted.get("mounted") is False and found["mounted"]:
        _run(host, ["umount", path])
    if rewrites:
        if args["backup"] and host.stat(args["fstab"]) is not None:
            fields["backup_file"] = textfile.backup(host, args["fstab"])
        host.write(args["fstab"], textfile.encode(edit(args, found)))
    if wanted.get("directory") == ABSENT and found["directory"] != ABSENT:
        if host.listdir(path):
            raise ModuleFailure(f"Error rmdir {path}: Directory not empty")
        host.remove(path)
    if wanted.get("remounted"):
        _run(host, ["mount", "-o", "remount", path])
    if not wanted.get("mounted"):
        return fields
    for directory in paths.missing(host, [*paths.parents(path), path]):
        host.mkdir(directory)
    if found["mounted"] and found["source"] == "the one given":
        if rewrites:
            _run(host, ["mount", "-o", "remount", path])
    else:
        if found["mounted"]:
            _run(host, ["umount", path])
        _run(host, _mount(args, path))
    return fields


def _mount(args: Args, path: str) -> List[str]:
    if args["state"] == "mounted" and args["fstab"] == "/etc/fstab":
        return ["mount", path]
    options = ["-o", args["opts"]] if args["opts"] else []
    return ["mount", "-t", args["fstype"], *options, args["src"], path]


def _run(host: "Host", argv: List[str]) -> None:
    done = host.run(argv)
    if done.rc != 0:
        said = (done.stderr or done.stdout).strip()
        message = f"Error {' '.join(argv)}: {said}"
        raise ModuleFailure(message, rc=done.rc)


def result(args: Args, found: State, _wanted: State, _changed: bool) -> State:
    """Return the arguments that describe the mount."""
    names = ("src", "fstype", "opts", "dump", "passno", "fstab", "boot")
    fields = {name: args[name] for name in names}
    fields.update(name=found["path"], opts=args["opts"] or "defaults", boot=args["boot"])
    return fields


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps the mount, its directory and fstab."""
    effects, path = [], found["path"]
    if "fstab" in wanted and wanted["fstab"] != found["fstab"]:
        effects.append(textfile.effect(args["fstab"], edit(args, found)))
    if wanted.get("directory", found["directory"]) != found["directory"]:
        state = ABSENT if wanted["directory"] == ABSENT else "directory"
        effects.append(Effect("path", path, {"state": state}))
    if wanted.get("mounted") and not found["mounted"]:
        effects.append(Effect("path", path, dict(_below(args), state="directory")))
    if wanted.get("mounted"):
        value = {"state": "mounted", "src": args["src"], "root": args["src"]}
        effects.append(Effect("mount", path, value))
    elif wanted.get("mounted") is False:
        effects.append(Effect("mount", path, {"state": ABSENT}))
    return effects


def _below(args: Args) -> Dict[str, Any]:
    """What lies below the mount point once it is mounted."""
    if "bind" in (args["opts"] or "").split(",") or args["fstype"] == "bind":
        return {"bind": args["src"]}
    return {"below": "nothing" if args["fstype"] in ("tmpfs", "ramfs") else UNKNOWN}


module = Module(
    "mount",
    args={
        "path": Arg("path", required=True, aliases=("name",)),
        "state": Arg(required=True, choices=STATES),
        "src": Arg(),
        "fstype": Arg(),
        "opts": Arg(),
        "opts_no_log": Arg("bool", default=False, refused="give the task `no_log: true`"),
        "dump": Arg(default="0"),
        "passno": Arg(default="0"),
        "boot": Arg("bool", default=True),
        "fstab": Arg("path", default="/etc/fstab"),
        "backup": Arg("bool", default=False),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    result=result,
    foresee=foresee,
    verify=("fstab", "mounted", "directory"),
)
