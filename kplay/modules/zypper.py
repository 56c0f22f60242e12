"""zypper: RPM packages, patterns, products and patches of openSUSE and SLE."""

import shlex
from typing import TYPE_CHECKING, Dict, List

from kplay.agent.host import UnknownValue
from kplay.modules import package_state, rpm
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

ARGS: Dict[str, Arg] = {
    "name": Arg("list", required=True, aliases=("pkg",), elements="str"),
    "state": Arg(
        default="present",
        choices=("absent", "dist-upgrade", "installed", "latest", "present", "removed"),
    ),
    "type": Arg(
        default="package",
        choices=("package", "patch", "pattern", "product", "srcpackage", "application"),
    ),
    "allow_vendor_change": Arg("bool", default=False),
    "auto_import_keys": Arg("bool", default=False),
    "clean_deps": Arg("bool", default=False),
    "disable_gpg_check": Arg("bool", default=False),
    "disable_recommends": Arg("bool", default=True),
    "extra_args": Arg(),
    "extra_args_precommand": Arg(),
    "force": Arg("bool", default=False),
    "force_resolution": Arg("bool", default=False),
    "oldpackage": Arg("bool", default=False),
    "quiet": Arg("bool", default=True),
    "replacefiles": Arg("bool", default=False),
    "simple_errors": Arg("bool", default=False),
    "skip_post_errors": Arg("bool", default=False),
    "update_cache": Arg("bool", default=False, aliases=("refresh",)),
}

WELL = (0, 102, 103)
"""zypper(8): done, done and a reboot is needed, done and zypper itself is to be started again."""
_ASK = ["zypper", "--no-refresh", "--quiet"]


def observe(probe: "Probe", args: Args) -> State:
    """Look at the packages named, in the RPM database and in zypper's lists."""
    if not probe.which("zypper"):
        raise lacking(probe, "program zypper", "zypper is not installed on this host")
    state = package_state.state_of(args)
    found: State = {"fits": {}, "packages": {}}
    names = [one.strip() for one in args.get("name") or [] if one.strip()]
    if state == "dist-upgrade":
        if probe.scratch():
            raise UnknownValue("what a dist-upgrade changes")
        found.update(upgraded=False, state="present")
        return found
    plain = [one for one in names if _plain(args, one)]
    specs = [rpm.spec(one) for one in plain]
    packages = rpm.known(probe, [one.name for one in specs])
    newer = _newer(probe) if state == "latest" else {}
    for one in specs:
        there = rpm.matching(packages, one.name)
        if not there and state != "absent":
            standing_in = rpm.provider(probe, one.text)
            there = [standing_in] if standing_in else []
        versions = [packages[name].version for name in there if name in packages]
        found["packages"][one.text] = versions[0] if versions else ABSENT
        good = bool(there) and all(rpm.fits(one, version) for version in versions)
        if state == "absent":
            good = not there
        elif state == "latest" and any(name in newer for name in there):
            good = False
        found["fits"][one.text] = good
    for name in names:
        if name == "*":
            found["fits"]["*"] = not newer
        elif name not in plain:
            found["fits"][name] = _special(probe, args, name) == (state != "absent")
            found["packages"][name] = "present" if _special(probe, args, name) else ABSENT
    absent = [version == ABSENT for version in found["packages"].values()]
    found["state"] = ABSENT if absent and all(absent) else "present"
    return found


def _plain(args: Args, name: str) -> bool:
    return args.get("type", "package") == "package" and rpm.is_plain(name) and name != "*"


def _special(probe: "Probe", args: Args, name: str) -> bool:
    """Whether a pattern, a patch or the package of a file is there."""
    base = name.rsplit("/", 1)[-1]
    if base.endswith(".rpm"):
        asked = rpm.spec(base[: -len(".rpm")])
        there = rpm.known(probe, [asked.name]).get(asked.name)
        return there is not None and rpm.fits(asked, there.version)
    words = ["search", "--installed-only", "--match-exact", "--type", args["type"], name]
    return probe.query([*_ASK, *words], timeout=120.0).rc == 0


def _newer(probe: "Probe") -> Dict[str, str]:
    """The packages of which the lists have a newer version."""
    done = probe.query([*_ASK, "list-updates"], timeout=120.0)
    found = {}
    for line in done.stdout.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 6 and cells[0] == "v":
            found[cells[2]] = cells[4]
    return found


def desire(args: Args, found: State) -> State:
    """Want every package named to fit."""
    if "upgraded" in found:
        return {"upgraded": True}
    return package_state.desire(package_state.state_of(args), found)


def commands(args: Args, found: State) -> List[List[str]]:
    """The calls that bring it about."""
    state = package_state.state_of(args)
    calls = []
    if args.get("update_cache"):
        calls.append([*_base(args), "refresh"])
    if "upgraded" in found:
        vendor = ["--allow-vendor-change"] if args.get("allow_vendor_change") else []
        return [*calls, [*_base(args), "dist-upgrade", *_flags(args), *vendor]]
    todo = package_state.lacking(found)
    if not todo:
        return calls
    kind = ["--type", args.get("type") or "package"]
    if state == "absent":
        clean = ["--clean-deps"] if args.get("clean_deps") else []
        return [*calls, [*_base(args), "remove", *kind, *clean, *_extra(args, "extra_args"), *todo]]
    if "*" in todo:
        verb = "patch" if args.get("type") == "patch" else "update"
        return [*calls, [*_base(args), verb, *_flags(args)]]
    old = ["--oldpackage"] if args.get("oldpackage") or _versioned(todo) else []
    return [*calls, [*_base(args), "install", *kind, *_flags(args), *old, "--", *todo]]


def _versioned(names: List[str]) -> bool:
    return any(rpm.spec(one).relation for one in names if rpm.is_plain(one))


def _extra(args: Args, name: str) -> List[str]:
    return shlex.split(args.get(name) or "")


def _base(args: Args) -> List[str]:
    words = ["zypper", "--non-interactive"]
    words += ["--quiet"] if args.get("quiet", True) else []
    words += ["--no-gpg-checks"] if args.get("disable_gpg_check") else []
    words += ["--gpg-auto-import-keys"] if args.get("auto_import_keys") else []
    return words + _extra(args, "extra_args_precommand")


def _flags(args: Args) -> List[str]:
    words = ["--auto-agree-with-licenses"]
    words += ["--no-recommends"] if args.get("disable_recommends", True) else []
    for name, word in (
        ("force", "--force"),
        ("force_resolution", "--force-resolution"),
        ("replacefiles", "--replacefiles"),
    ):
        words += [word] if args.get(name) else []
    return words + _extra(args, "extra_args")


def apply(host: "Host", args: Args, found: State, _wanted: State) -> State:
    """Call zypper."""
    out, err, code = "", "", 0
    well = WELL + ((107,) if args.get("skip_post_errors") else ())
    for argv in commands(args, found):
        done = host.run(argv, env={"LC_ALL": "C.UTF-8"}, stream=True)
        out, err, code = out + done.stdout, err + done.stderr, done.rc
        if done.rc not in well:
            message = package_state.last_line(done.stderr, done.stdout)
            message = message if args.get("simple_errors") else f"Zypper failed: {message}"
            raise ModuleFailure(message, rc=done.rc, stdout=out, stderr=err, cmd=argv)
    fields: State = {"rc": code, "stdout": out, "stderr": err}
    if "upgraded" in found:
        fields["changed"] = "Nothing to do" not in out
    return fields


def result(args: Args, _found: State, _wanted: State, changed: bool) -> State:
    """Return the arguments."""
    fields: State = {name: args.get(name) for name in ("name", "state", "update_cache")}
    return fields if changed else dict(fields, rc=0, msg="")


def foresee(args: Args, found: State, _wanted: State) -> List[Effect]:
    """Tell later steps which packages are there, and which are not."""
    plain = [name for name in package_state.lacking(found) if _plain(args, name)]
    names = [rpm.spec(name).name for name in plain]
    return package_state.effects(package_state.state_of(args), names)


module = Module(
    "zypper",
    args=ARGS,
    observe=observe,
    desire=desire,
    apply=apply,
    exclusive=("rpm",),
    result=result,
    foresee=foresee,
    verify=("fits",),
    fields=("packages", "upgraded"),
    untested=True,
)
