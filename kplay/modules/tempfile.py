"""tempfile: a new file or directory with a name that nobody else has."""

import posixpath
from typing import TYPE_CHECKING

from kplay.modules import ownership
from kplay.modules.api import Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(probe: "Probe", args: Args) -> State:
    """Look for the directory that is to hold it."""
    folder = args["path"] or probe.facts()["environ"].get("TMPDIR") or "/tmp"  # noqa: S108
    stat = probe.stat(folder)
    if stat is None or stat.state != "directory":
        raise ModuleFailure(f"no directory {folder}")
    return {"folder": folder}


def desire(args: Args, found: State) -> State:
    """Want a new one every time."""
    return {"made": args["state"], "in": found["folder"]}


def apply(host: "Host", args: Args, found: State, _wanted: State) -> State:
    """Let the host's own mktemp find the name."""
    template = "{}XXXXXXXX{}".format(args["prefix"], args["suffix"])
    kind = ["-d"] if args["state"] == "directory" else []
    done = host.run(["mktemp", *kind, "--tmpdir=" + found["folder"], template])
    path = done.stdout.strip()
    if done.rc != 0 or not path:
        raise ModuleFailure("mktemp failed: " + done.stderr.strip(), rc=done.rc)
    fields = ownership.describe(host.stat(path))
    fields["path"] = posixpath.normpath(path)
    return fields


module = Module(
    "tempfile",
    args={
        "state": Arg(default="file", choices=("directory", "file")),
        "path": Arg("path"),
        "prefix": Arg(default="ansible."),
        "suffix": Arg(default=""),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    kind="action",
    reach="host",
)
