"""SELinux labels and the attributes of chattr(1): what a path has, and how they are set."""

import re
from typing import TYPE_CHECKING, Dict, List

from kplay.modules.api import Arg, Args, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

ARGS = {
    "seuser": Arg(),
    "serole": Arg(),
    "setype": Arg(),
    "selevel": Arg(),
    "attributes": Arg(aliases=("attr",)),
}

FIELDS = ("label", "attributes")

SELINUX = "/sys/fs/selinux/enforce"
"""Is there where the kernel has SELinux, and it is on."""

_PARTS = ("seuser", "serole", "setype", "selevel")


def observe(probe: "Probe", args: Args, path: str, exists: bool) -> State:
    """The fields label and attributes of a path, as far as the arguments ask for them.

    Without SELinux labels mean nothing, as in Ansible. ``label`` has the parts asked for.
    """
    found: State = {}
    asked = {name: args[name] for name in _PARTS if args.get(name)}
    if asked and probe.stat(SELINUX) is not None:
        there = _split(probe.query(["stat", "-c", "%C", path]).stdout) if exists else {}
        found["label"] = {name: there.get(name, "") for name in asked}
        if "_default" in asked.values():
            policy = _split(probe.query(["matchpathcon", "-n", path]).stdout)
            asked.update({n: policy.get(n, "") for n, one in asked.items() if one == "_default"})
        found["asked_label"] = asked
    if args.get("attributes"):
        told = probe.query(["lsattr", "-d", path]).stdout if exists else ""
        found["attributes"] = "".join(sorted(set(told.partition(" ")[0]) - {"-"}))
    return found


def _split(text: str) -> Dict[str, str]:
    parts = text.strip().split(":", 3)
    return dict(zip(_PARTS, parts)) if len(parts) > 2 else {}


def desire(args: Args, found: State) -> State:
    """The label and attributes that the arguments ask for."""
    wanted: State = {}
    if "asked_label" in found:
        wanted["label"] = found["asked_label"]
    if args.get("attributes") and "attributes" in found:
        operator, flags = _flags(args["attributes"])
        there = set(found.get("attributes") or "")
        new = {"+": there | flags, "-": there - flags}.get(operator, flags)
        wanted["attributes"] = "".join(sorted(new))
    return wanted


def _flags(text: str) -> "tuple[str, set[str]]":
    match = re.match(r"^([-+=]?)([A-Za-z]*)$", text)
    if match is None:
        message = f"attributes are letters of chattr(1) behind +, - or =, not {text}"
        raise ModuleFailure(message)
    return match.group(1) or "=", set(match.group(2))


def apply(host: "Host", path: str, wanted: State, follow: bool) -> None:
    """Set the wanted label and attributes of a path that exists."""
    if wanted.get("label"):
        options = dict(zip(_PARTS, ("-u", "-r", "-t", "-l")))
        words = [] if follow else ["-h"]
        for name, value in wanted["label"].items():
            words += [options[name], value]
        _run(host, ["chcon", *words, path])
    if "attributes" in wanted:
        told = host.query(["lsattr", "-d", path]).stdout.partition(" ")[0]
        there = set(told) - {"-"}
        new = set(wanted["attributes"])
        changes = [("+", new - there), ("-", there - new)]
        words = [sign + "".join(sorted(flags)) for sign, flags in changes if flags]
        if words:
            _run(host, ["chattr", *words, path])


def _run(host: "Host", argv: List[str]) -> None:
    done = host.run(argv)
    if done.rc != 0:
        message = f"{argv[0]} failed: {done.stderr.strip()}"
        raise ModuleFailure(message, rc=done.rc)
