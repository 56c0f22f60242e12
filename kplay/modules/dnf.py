"""dnf: RPM packages installed, removed and upgraded by dnf (4 or 5) or yum."""

from typing import TYPE_CHECKING, Dict, List

from kplay.modules import package_state, rpm
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

ARGS = {
    "name": Arg("list", aliases=("pkg",), elements="str"),
    "list": Arg(refused="it is for commands without a playbook; `package_facts` lists packages"),
    "state": Arg(choices=("absent", "installed", "latest", "present", "removed")),
    "enablerepo": Arg("list", elements="str", default=[]),
    "disablerepo": Arg("list", elements="str", default=[]),
    "exclude": Arg("list", elements="str", default=[]),
    "disable_excludes": Arg(),
    "disable_gpg_check": Arg("bool", default=False),
    "update_cache": Arg("bool", default=False, aliases=("expire-cache",)),
    "update_only": Arg("bool", default=False),
    "security": Arg("bool", default=False),
    "bugfix": Arg("bool", default=False),
    "install_weak_deps": Arg("bool", default=True),
    "allowerasing": Arg("bool", default=False),
    "allow_downgrade": Arg("bool", default=False),
    "autoremove": Arg("bool", default=False),
    "best": Arg("bool"),
    "nobest": Arg("bool"),
    "cacheonly": Arg("bool", default=False),
    "conf_file": Arg("path"),
    "download_only": Arg("bool", default=False),
    "download_dir": Arg("path"),
    "enable_plugin": Arg("list", elements="str", default=[]),
    "disable_plugin": Arg("list", elements="str", default=[]),
    "installroot": Arg("path", default="/"),
    "install_repoquery": Arg("bool", default=True),
    "lock_timeout": Arg("int", default=30),
    "releasever": Arg(),
    "skip_broken": Arg("bool", default=False),
    "sslverify": Arg("bool", default=True),
    "validate_certs": Arg("bool", default=True),
    "auto_install_module_deps": Arg("bool", default=True),
    "use_backend": Arg(default="auto", choices=("auto", "yum", "yum4", "dnf", "dnf4", "dnf5")),
}  # type: Dict[str, Arg]


PROGRAMS = {
    "auto": ("dnf5", "dnf", "microdnf", "yum"),
    "dnf5": ("dnf5",),
    # where dnf is a link to dnf5, the older one is dnf-3
    "dnf": ("dnf-3", "dnf"),
    "dnf4": ("dnf-3", "dnf"),
    "yum4": ("dnf-3", "dnf"),
    "yum": ("yum", "dnf"),
}


def program(probe: "Probe", backend: str = "auto") -> str:
    """The package manager of this host, or the one asked for.

    Raises:
        ModuleFailure: it has none that reads dnf's options, or not the one asked for.
    """
    for name in PROGRAMS[backend]:
        if probe.which(name):
            return name
    if backend != "auto":
        message = "use_backend asks for %s, which is not on this host" % backend
        raise ModuleFailure(message)
    raise ModuleFailure("no supported package manager on this host: dnf and yum were looked for")


def state_of(args: Args) -> str:
    """The state asked for; autoremove alone means that what nobody needs goes."""
    if args.get("autoremove") and not args.get("state"):
        return "absent"
    return package_state.state_of(args)


def flags(args: Args) -> List[str]:
    """The options of dnf's command line that the arguments come to."""
    words = ["--enablerepo=" + one for one in args.get("enablerepo") or []]
    words += ["--disablerepo=" + one for one in args.get("disablerepo") or []]
    words += ["--exclude=" + one for one in args.get("exclude") or []]
    words += ["--enableplugin=" + one for one in args.get("enable_plugin") or []]
    words += ["--disableplugin=" + one for one in args.get("disable_plugin") or []]
    for name, word in (
        ("disable_excludes", "--disableexcludes=%s"),
        ("conf_file", "--config=%s"),
        ("releasever", "--releasever=%s"),
        ("download_dir", "--downloaddir=%s"),
    ):
        if args.get(name):
            words.append(word % args[name])
    if args.get("installroot") not in (None, "/"):
        words.append("--installroot=" + args["installroot"])
    for name, word in (
        ("disable_gpg_check", "--nogpgcheck"),
        ("allowerasing", "--allowerasing"),
        ("cacheonly", "--cacheonly"),
        ("download_only", "--downloadonly"),
        ("skip_broken", "--skip-broken"),
        ("security", "--security"),
        ("bugfix", "--bugfix"),
    ):
        if args.get(name):
            words.append(word)
    if args.get("best") or args.get("nobest") is False:
        words.append("--best")
    if args.get("nobest") or args.get("best") is False:
        words.append("--nobest")
    if args.get("install_weak_deps") is False:
        words.append("--setopt=install_weak_deps=False")
    if args.get("sslverify") is False or args.get("validate_certs") is False:
        words.append("--setopt=sslverify=False")
    return words


def observe(probe: "Probe", args: Args) -> State:
    """Look at the packages named, in the RPM database and where asked for in the repositories."""
    found = {
        "program": program(probe, args.get("use_backend") or "auto"),
        "fits": {},
        "packages": {},
    }  # type: State
    state = state_of(args)
    names = names_of(args)
    specs = [rpm.spec(name) for name in names if rpm.is_plain(name) and name != "*"]
    packages = rpm.known(probe, [one.name for one in specs])
    for one in specs:
        there = rpm.matching(packages, one.name)
        if not there and state != "absent":
            standing_in = rpm.provider(probe, one.text)
            there = [standing_in] if standing_in else []
        versions = [packages[name].version for name in there if name in packages]
        found["packages"][one.text] = versions[0] if versions else ABSENT
        if state == "absent":
            found["fits"][one.text] = not there
        elif args.get("update_only") and not there:
            found["fits"][one.text] = True
        else:
            fitting = bool(there) and all(rpm.fits(one, version) for version in versions)
            found["fits"][one.text] = fitting
    outdated = upgradable(probe, args, found["program"]) if state == "latest" else {}
    for name in outdated:
        for one in specs:
            if name in rpm.matching({name: rpm.Installed("", "")}, one.name):
                found["fits"][one.text] = False
    if "*" in names:
        found["fits"]["*"] = not outdated
    for name in names:
        if not rpm.is_plain(name):
            found["fits"][name] = _special(probe, name, state)
    if args.get("autoremove") and not names:
        found["fits"]["autoremove"] = False
    absent = [version == ABSENT for version in found["packages"].values()]
    found["state"] = ABSENT if absent and all(absent) else "present"
    return found


def names_of(args: Args) -> List[str]:
    """The packages that are named, with commas as separators too."""
    names = []  # type: List[str]
    for text in args.get("name") or []:
        names += [part.strip() for part in text.split(",") if part.strip()]
    return names


def _special(probe: "Probe", name: str, state: str) -> bool:
    """Whether a group, a file or a URL is installed; what cannot be told is not."""
    if name.startswith("/") and not name.endswith(".rpm"):
        return (rpm.provider(probe, name) is None) == (state == "absent")
    base = name.rsplit("/", 1)[-1]
    if base.endswith(".rpm"):
        asked = rpm.spec(base[: -len(".rpm")])
        there = rpm.known(probe, [asked.name]).get(asked.name)
        return there is not None and rpm.fits(asked, there.version)
    return False


def upgradable(probe: "Probe", args: Args, dnf: str) -> Dict[str, str]:
    """The packages of which the repositories have a newer version, as the cached lists say."""
    done = probe.query([dnf, "-q", "-C", "check-update", *flags(args)], timeout=120.0)
    found = {}  # type: Dict[str, str]
    for line in done.stdout.splitlines():
        words = line.split()
        if line.startswith("Obsoleting"):
            break
        if len(words) == 3 and "." in words[0]:
            found[words[0].rpartition(".")[0]] = words[1]
    return found


def desire(args: Args, found: State) -> State:
    """Want every package named to fit."""
    fits = dict.fromkeys(found["fits"], True)
    wanted = {"fits": fits}  # type: State
    if state_of(args) == "absent":
        wanted["state"] = ABSENT if found["packages"] else "present"
    elif found["packages"] and fits != found["fits"]:
        wanted["state"] = "present"
    if fits != found["fits"]:
        # For the reader of a plan
        todo = package_state.lacking(found)
        change = {"absent": ABSENT, "latest": "latest"}.get(state_of(args), "present")
        wanted["packages"] = dict(found["packages"], **dict.fromkeys(todo, change))
    return wanted


def commands(args: Args, found: State) -> List[List[str]]:
    """The command lines that bring the packages about."""
    base = [found["program"], "-y", *flags(args)]
    todo = package_state.lacking(found)
    lines = []  # type: List[List[str]]
    if args.get("update_cache"):
        lines.append([found["program"], "makecache", *flags(args)])
    if not todo:
        return lines
    state = state_of(args)
    if todo == ["autoremove"]:
        return [*lines, [*base, "autoremove"]]
    if state == "absent":
        gone = ["autoremove"] if args.get("autoremove") else ["remove"]
        return [*lines, [*base, *gone, *todo]]
    if "*" in todo:
        return [*lines, [*base, "upgrade"]]
    new = [one for one in todo if found["packages"].get(one, ABSENT) == ABSENT]
    old = [one for one in todo if one not in new]
    if new:
        lines.append([*base, "install", *new])
    if old:
        verb = "upgrade" if state == "latest" else "install"
        lines.append([*base, verb, *old])
    return lines


def apply(host: "Host", args: Args, found: State, _wanted: State) -> State:
    """Run dnf, and downgrade where the version asked for is older."""
    results = []  # type: List[str]
    for argv in commands(args, found):
        done = host.run(argv, env={"LC_ALL": "C.UTF-8"}, stream=True)
        results += done.stdout.splitlines()[-20:]
        if done.rc != 0:
            said = package_state.last_line(done.stderr, done.stdout)
            msg = "Failed to %s: %s" % (" ".join(argv[1:]), said)
            raise ModuleFailure(msg, rc=done.rc, results=results, stderr=done.stderr)
    if args.get("allow_downgrade") and state_of(args) == "present":
        _downgrade(host, args, found, results)
    return {"results": results}


def _downgrade(host: "Host", args: Args, found: State, results: List[str]) -> None:
    for name in names_of(args):
        asked = rpm.spec(name)
        there = rpm.known(host, [asked.name]).get(asked.name)
        if there is not None and not rpm.fits(asked, there.version):
            argv = [found["program"], "-y", *flags(args), "downgrade", name]
            done = host.run(argv, env={"LC_ALL": "C.UTF-8"}, stream=True)
            results += done.stdout.splitlines()[-20:]
            if done.rc != 0:
                raise ModuleFailure("Failed to downgrade %s" % name, rc=done.rc, results=results)


def result(_args: Args, _found: State, _wanted: State, changed: bool) -> State:
    """Say what Ansible says when there was nothing to do."""
    return {"rc": 0} if changed else {"rc": 0, "msg": "Nothing to do", "results": []}


def foresee(args: Args, found: State, _wanted: State) -> List[Effect]:
    """Tell later steps which packages are there, and which are not."""
    plain = [name for name in package_state.lacking(found) if rpm.is_plain(name)]
    return package_state.effects(state_of(args), [rpm.spec(name).name for name in plain])


module = Module(
    "dnf",
    args=ARGS,
    observe=observe,
    desire=desire,
    apply=apply,
    exclusive=("rpm",),
    result=result,
    foresee=foresee,
    verify=("fits",),
    fields=("packages",),
    also_known_as=("dnf5", "yum"),
    untested=True,
)
