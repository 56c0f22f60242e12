"""apk: packages of Alpine Linux."""

import re
from typing import TYPE_CHECKING, Dict, List, Set, Tuple

from kplay.modules import package_state, rpm, textfile
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

DATABASE = "/lib/apk/db/installed"
"""One stanza a package: P: its name, V: its version, p: what it provides."""

ARGS: Dict[str, Arg] = {
    "name": Arg("list", elements="str"),
    "state": Arg(
        default="present", choices=("absent", "installed", "latest", "present", "removed")
    ),
    "available": Arg("bool", default=False),
    "no_cache": Arg("bool", default=False),
    "repository": Arg("list", elements="str", default=()),
    "update_cache": Arg("bool", default=False),
    "upgrade": Arg("bool", default=False),
    "world": Arg("path", default="/etc/apk/world"),
}

_NAME = re.compile(r"^([^=<>~@]+)(?:(=|>=|<=|>|<|~=?)([^@]+))?(?:@(\S+))?$")


def installed(probe: "Probe") -> Tuple[Dict[str, str], Set[str]]:
    """The packages that are installed, with versions, and the names that they provide."""
    packages, provided = {}, set()
    if probe.stat(DATABASE) is None:
        return {}, set()
    for stanza in textfile.decode(probe.read(DATABASE)).split("\n\n"):
        fields = dict(line.split(":", 1) for line in stanza.splitlines() if line[1:2] == ":")
        if "P" in fields:
            packages[fields["P"]] = fields.get("V", "")
            provided |= {one.partition("=")[0] for one in fields.get("p", "").split()}
    return packages, provided


def observe(probe: "Probe", args: Args) -> State:
    """Read apk's database and world, and ask for newer versions where they matter."""
    if not probe.which("apk"):
        raise lacking(probe, "program apk", "apk is not installed on this host")
    if not (args.get("name") or args.get("update_cache") or args.get("upgrade")):
        raise ModuleFailure("one of the following is required: name, update_cache, upgrade")
    if args.get("name") and args.get("upgrade"):
        raise ModuleFailure("parameters are mutually exclusive: name|upgrade")
    packages, provided = installed(probe)
    found: State = {"installed": packages}
    if args.get("update_cache"):
        found["cache"] = "as it is"
    if args.get("upgrade"):
        done = probe.query(["apk", "upgrade", "--simulate", *_flags(args)], timeout=120.0)
        found["upgradable"] = re.findall(r"(?m)^\(\d+/\d+\) \w+ (\S+)", done.stdout)
    if args.get("name"):
        _look(probe, args, found, provided)
    return found


def _look(probe: "Probe", args: Args, found: State, provided: Set[str]) -> None:
    state = package_state.state_of(args)
    newer = _newer(probe) if state == "latest" else set()
    world = {}
    path = args.get("world") or "/etc/apk/world"
    if probe.stat(path) is not None:
        entries = textfile.decode(probe.read(path)).split()
        world = {_parts(one)[0]: one for one in entries}
    found["fits"], found["packages"] = {}, {}
    for text in args["name"]:
        name, relation, version, _ = _parts(text)
        there = found["installed"].get(name, "present" if name in provided else ABSENT)
        planned = probe.effect("package", name)
        if isinstance(planned, dict):
            there = ABSENT if planned.get("state") == "absent" else "present"
        found["packages"][text] = there
        good = there != ABSENT
        if good and relation and there != "present":
            good = _fits(relation, version, there)
        if state == "absent":
            good = there == ABSENT
        elif name not in world and not isinstance(planned, dict):
            # what is only a dependency of another goes with it
            good = False
        found["fits"][text] = good and name not in newer
    absent = [version == ABSENT for version in found["packages"].values()]
    found["state"] = ABSENT if all(absent) else "present"


def _parts(text: str) -> Tuple[str, str, str, str]:
    match = _NAME.match(text.strip())
    if match is None:
        message = f"not a package name: {text}"
        raise ModuleFailure(message)
    name, relation, version, repository = match.groups()
    return name, relation or "", version or "", repository or ""


def _fits(relation: str, version: str, there: str) -> bool:
    if relation.startswith("~"):
        return there == version or there.startswith((version + ".", version + "-"))
    order = rpm.compare(there, version)
    return {"=": order == 0, ">=": order >= 0, "<=": order <= 0}.get(
        relation, order > 0 if relation == ">" else order < 0
    )


def _newer(probe: "Probe") -> Set[str]:
    """The packages of which the lists have a newer version."""
    done = probe.query(["apk", "version", "-l", "<"])
    found = set()
    for line in done.stdout.splitlines():
        match = re.match(r"^(\S+)-\d[^-\s]*(?:-r\d+)?\s+<", line)
        if match is not None:
            found.add(match.group(1))
    return found


def desire(args: Args, found: State) -> State:
    """Want the packages as asked."""
    return package_state.desire(package_state.state_of(args), found)


def _flags(args: Args) -> List[str]:
    words = ["--no-cache"] if args.get("no_cache") else []
    for one in args.get("repository") or []:
        words += ["--repository", one, "--repositories-file", "/dev/null"]
    return words + (["--available"] if args.get("available") and args.get("upgrade") else [])


def commands(args: Args, found: State) -> List[List[str]]:
    """The calls that bring it about."""
    calls = [["apk", "update", *_flags(dict(args, upgrade=False))]] if "cache" in found else []
    if found.get("upgradable"):
        calls.append(["apk", "upgrade", *_flags(args)])
    todo = package_state.lacking(found)
    if todo and package_state.state_of(args) == "absent":
        calls.append(["apk", "del", "--purge", *_flags(args), *[_parts(one)[0] for one in todo]])
    elif todo:
        newest = ["--upgrade"] if package_state.state_of(args) == "latest" else []
        calls.append(["apk", "add", *newest, *_flags(args), *todo])
    return calls


def apply(host: "Host", args: Args, found: State, _wanted: State) -> State:
    """Call apk; fetching the lists alone is a change, as Ansible counts it."""
    out, err = "", ""
    for argv in commands(args, found):
        done = host.run(argv, env={"LC_ALL": "C.UTF-8"}, stream=True)
        out, err = out + done.stdout, err + done.stderr
        if done.rc != 0:
            said = done.stderr.strip() or done.stdout.strip()
            message = "failed to {}: {}".format(" ".join(argv[1:]), said)
            raise ModuleFailure(message, rc=done.rc, stdout=out, stderr=err)
    after, _ = installed(host)
    packages = package_state.moved(found["installed"], after)
    todo = package_state.lacking(found)
    changed = bool(packages or todo or found.get("upgradable"))
    alone = not args.get("name") and not args.get("upgrade")
    fields: State = {"stdout": out, "stderr": err, "packages": packages}
    return dict(fields, changed=changed or alone)


def result(_args: Args, found: State, _wanted: State, changed: bool) -> State:
    """Say that there was nothing to do."""
    if changed:
        return {}
    return {"packages": [], "msg": "package(s) already installed" if "fits" in found else ""}


def foresee(args: Args, found: State, _wanted: State) -> List[Effect]:
    """Tell later steps which packages are there, and which are not."""
    names = [_parts(name)[0] for name in package_state.lacking(found)]
    return package_state.effects(package_state.state_of(args), names)


module = Module(
    "apk",
    args=ARGS,
    observe=observe,
    desire=desire,
    apply=apply,
    exclusive=("apk",),
    result=result,
    foresee=foresee,
    verify=("fits",),
    fields=("packages", "upgradable", "cache"),
    untested=True,
)
