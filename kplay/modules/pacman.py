"""pacman: packages of Arch Linux."""

import re
import shlex
from typing import TYPE_CHECKING, Any, Dict, List

from kplay.modules import package_state
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

ARGS: Dict[str, Arg] = {
    "name": Arg("list", aliases=("package", "pkg"), elements="str"),
    "state": Arg(
        default="present", choices=("absent", "installed", "latest", "present", "removed")
    ),
    "executable": Arg(default="pacman"),
    "extra_args": Arg(default=""),
    "force": Arg("bool", default=False),
    "reason": Arg(choices=("dependency", "explicit")),
    "reason_for": Arg(default="new", choices=("all", "new")),
    "remove_nosave": Arg("bool", default=False),
    "update_cache": Arg("bool"),
    "update_cache_extra_args": Arg(default=""),
    "upgrade": Arg("bool"),
    "upgrade_extra_args": Arg(default=""),
}

_ISSUED = "/var/lib/pacman/sync"
"""Where the lists of the repositories lie."""


def _from_file(name: str) -> bool:
    return "://" in name or name.startswith("/") or ".pkg.tar" in name


def observe(probe: "Probe", args: Args) -> State:
    """Look at pacman's database, and in its lists where they are asked for."""
    program = str(args.get("executable") or "pacman")
    if not probe.which(program):
        raise lacking(probe, f"program {program}", f"{program} is not installed on this host")
    if not (args.get("name") or args.get("update_cache") or args.get("upgrade")):
        raise ModuleFailure("one of the following is required: name, update_cache, upgrade")
    if args.get("name") and args.get("upgrade"):
        raise ModuleFailure("parameters are mutually exclusive: name|upgrade")
    installed = _listed(probe, ["-Q"])
    found: State = {"program": program, "installed": installed}
    if args.get("update_cache"):
        found["cache"] = "as it is"
    if args.get("upgrade"):
        found["upgradable"] = sorted(_listed(probe, ["-Qu"]))
    if args.get("name"):
        _look(probe, args, found)
    return found


def _listed(probe: "Probe", words: List[str]) -> Dict[str, str]:
    """The packages that a query lists, with their versions where it gives them."""
    # pacman itself: its helpers only add to what it can install
    done = probe.query(["pacman", *words])
    pairs = [line.split() for line in done.stdout.splitlines() if line.strip()]
    return {words[0]: words[1] if len(words) > 1 else "" for words in pairs}


def _look(probe: "Probe", args: Args, found: State) -> None:
    state, installed = package_state.state_of(args), found["installed"]
    newer = _listed(probe, ["-Qu"]) if state == "latest" else {}
    found["fits"], found["packages"], found["members"] = {}, {}, {}
    for name in args["name"]:
        bare = _bare(name) if _from_file(name) else name.rpartition("/")[2]
        planned = probe.effect("package", bare)
        version = installed.get(bare, ABSENT)
        if isinstance(planned, dict):
            version = ABSENT if planned.get("state") == "absent" else planned.get("version") or ""
        elif version == ABSENT and not _from_file(name):
            members = _group(probe, bare)
            if members:
                found["members"][name] = members
                there = [one for one in members if one in installed]
                good = not there if state == "absent" else len(there) == len(members)
                good = good and not any(one in newer for one in members)
                found["fits"][name] = good
                found["packages"][name] = "{} of {}".format(len(there), len(members))
                continue
        found["packages"][name] = version
        present = version != ABSENT
        found["fits"][name] = not present if state == "absent" else present and bare not in newer
    if args.get("reason") and args.get("reason_for") == "all" and state != "absent":
        explicit = _listed(probe, ["-Qe"])
        wants = args["reason"] == "explicit"
        names = [one for one in args["name"] if one in installed]
        found["reasons"] = {one: "explicit" if one in explicit else "dependency" for one in names}
        found["wrong"] = sorted(one for one in names if (one in explicit) != wants)
    absent = [version == ABSENT for version in found["packages"].values()]
    found["state"] = ABSENT if all(absent) else "present"


def _bare(path: str) -> str:
    """The package's name in a file's: NAME-VERSION-RELEASE-ARCHITECTURE.pkg.tar.ZST."""
    base = path.rsplit("/", 1)[-1]
    match = re.match(r"^(.+)-[^-]+-[^-]+-[^-]+\.pkg\.tar", base)
    return match.group(1) if match else base


def _group(probe: "Probe", name: str) -> List[str]:
    done = probe.query(["pacman", "-Sg", name])
    return [line.split()[1] for line in done.stdout.splitlines() if len(line.split()) == 2]


def desire(args: Args, found: State) -> State:
    """Want the packages as asked."""
    wanted = package_state.desire(package_state.state_of(args), found)
    if "reasons" in found:
        wanted["reasons"] = dict.fromkeys(found["reasons"], args["reason"])
    return wanted


def commands(args: Args, found: State) -> List[List[str]]:
    """The calls that bring it about."""
    base = [found["program"], "--noconfirm", "--noprogressbar"]
    calls = []
    if "cache" in found:
        again = ["--refresh"] if args.get("force") else []
        calls.append(
            [*base, "--sync", "--refresh", *again, *_extra(args, "update_cache_extra_args")]
        )
    if found.get("upgradable"):
        calls.append([*base, "--sync", "--sysupgrade", *_extra(args, "upgrade_extra_args")])
    todo = package_state.lacking(found)
    extra = _extra(args, "extra_args")
    if package_state.state_of(args) == "absent":
        if todo:
            names = _expanded(found, todo)
            force = ["--nodeps", "--nodeps"] if args.get("force") else []
            nosave = ["--nosave"] if args.get("remove_nosave") else []
            calls.append([*base, "--remove", *force, *nosave, *extra, *names])
        return calls
    why = {"dependency": ["--asdeps"], "explicit": ["--asexplicit"]}.get(
        str(args.get("reason")), []
    )
    files = [name for name in todo if _from_file(name)]
    names = [name for name in todo if name not in files]
    if names:
        calls.append([*base, "--sync", *why, *extra, *names])
    if files:
        calls.append([*base, "--upgrade", *why, *extra, *files])
    if found.get("wrong"):
        calls.append([*base, "--database", *why, *found["wrong"]])
    return calls


def _extra(args: Args, name: str) -> List[str]:
    return shlex.split(args.get(name) or "")


def _expanded(found: State, names: List[str]) -> List[str]:
    """Names with the installed members in the place of a group."""
    made = []
    for name in names:
        members = found["members"].get(name, [name])
        made += [one for one in members if one in found["installed"] or one == name]
    return made


def apply(host: "Host", args: Args, found: State, _wanted: State) -> State:
    """Call pacman; what is changed is told by its database and lists."""
    before = _times(host)
    out, err = "", ""
    for argv in commands(args, found):
        done = host.run(argv, env={"LC_ALL": "C.UTF-8"}, stream=True)
        out, err = out + done.stdout, err + done.stderr
        if done.rc != 0:
            said = done.stderr.strip() or done.stdout.strip()
            message = "Failed to {}: {}".format(" ".join(argv[3:]), said)
            raise ModuleFailure(message, rc=done.rc, stdout=out, stderr=err)
    fields: State = {"stdout": out, "stderr": err}
    after = _listed(host, ["-Q"])
    fields["packages"] = package_state.moved(found["installed"], after)
    if "cache" in found:
        fields["cache_updated"] = _times(host) != before
    moved = bool(fields["packages"]) or bool(fields.get("cache_updated"))
    fields["changed"] = moved or bool(found.get("wrong"))
    return fields


def _times(probe: "Probe") -> Dict[str, Any]:
    stats = {name: probe.stat(f"{_ISSUED}/{name}") for name in probe.listdir(_ISSUED)}
    return {name: stat.mtime for name, stat in stats.items() if stat}


def result(_args: Args, found: State, _wanted: State, changed: bool) -> State:
    """Say that there was nothing to do."""
    if changed:
        return {}
    fields: State = {"packages": [], "msg": "package(s) already installed"}
    return fields if "fits" in found else {"packages": [], "msg": "Nothing to upgrade"}


def foresee(args: Args, found: State, _wanted: State) -> List[Effect]:
    """Tell later steps which packages are there, and which are not."""
    todo = package_state.lacking(found)
    names = [one for name in todo for one in found["members"].get(name, [name])]
    bare = [_bare(one) if _from_file(one) else one for one in names]
    return package_state.effects(package_state.state_of(args), bare)


module = Module(
    "pacman",
    args=ARGS,
    observe=observe,
    desire=desire,
    apply=apply,
    exclusive=("pacman",),
    result=result,
    foresee=foresee,
    verify=("fits",),
    fields=("packages", "reasons", "upgradable", "cache"),
    untested=True,
)
