"""What apt finds: of packages by name, of package files, and of the whole host."""

import fnmatch
from typing import TYPE_CHECKING, Dict, List, Sequence

from kplay.modules import apt_transaction, debian, package_effects
from kplay.modules.api import ABSENT, Args, Effect, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe

ARCHIVES = "/var/cache/apt/archives"

UPGRADES = {
    "yes": ["upgrade", "--with-new-pkgs"],
    "safe": ["upgrade", "--with-new-pkgs"],
    "full": ["dist-upgrade"],
    "dist": ["dist-upgrade"],
}


def look_at_names(probe: "Probe", args: Args, found: State) -> None:
    """Find the version, and whether it fits, of each package that is named."""
    state = args.get("state") or "present"
    if state == "build-dep":
        look_at_build_dependencies(probe, args, found)
        return
    specs = [debian.spec(str(text)) for text in expanded(probe, args)]
    names = [one.name for one in specs]
    packages = debian.known(probe, names)
    missing = [name for name in names if not debian.installed(packages, name)]
    standing_in = debian.provided(probe, missing) if state == "present" and missing else {}
    # A package of that name is not there because another one provides it
    real = debian.candidates(probe, sorted(standing_in)) if standing_in else {}
    standing_in = {name: one for name, one in standing_in.items() if name not in real}
    latest = debian.candidates(probe, names) if state == "latest" else {}
    fits: Dict[str, bool] = {}
    versions: Dict[str, str] = {}
    for one in specs:
        there = debian.installed(packages, one.name)
        version = next(iter(there.values()), "")
        versions[one.text()] = version or ABSENT
        known = packages.get(one.name.partition(":")[0])
        if state == "absent":
            leftover = bool(args.get("purge") and known and known.status == "config-files")
            fits[one.text()] = not there and not leftover
        elif one.name in standing_in or (args.get("only_upgrade") and not there):
            fits[one.text()] = True
        else:
            good = bool(there) and one.fits(version)
            candidate = latest.get(one.name, version)
            newer = bool(candidate) and bool(version) and debian.compare(version, candidate) < 0
            fits[one.text()] = good and not (state == "latest" and not one.version and newer)
    found.update(fits=fits, packages=versions)
    found["state"] = ABSENT if all(v == ABSENT for v in versions.values()) else "present"
    todo = [text for text, good in fits.items() if not good]
    if not todo or not probe.scratch():
        return
    verb = "remove" if state == "absent" else "install"
    found["transaction"] = apt_transaction.simulate(probe, args, [verb, *[plain(t) for t in todo]])
    foresee_transaction(probe, args, found, todo)


def look_at_build_dependencies(probe: "Probe", args: Args, found: State) -> None:
    """Find what apt-get would install to build each source package that is named."""
    found.update(fits={}, packages={}, state="present")
    whole: Dict[str, str] = {}
    for text in [str(one).strip() for one in args["name"]]:
        done = apt_transaction.simulate(probe, args, ["build-dep", text])
        if done is None and not probe.scratch():
            raise ModuleFailure("Unable to find a source package for %s" % text)
        found["fits"][text] = done is not None and not done.install
        found["packages"][text] = "built" if found["fits"][text] else ABSENT
        whole.update(done.install if done else {})
    if probe.scratch() and whole:
        found["transaction"] = apt_transaction.Transaction(whole, [])
        found["effects"] += brought(probe, whole, args)


def expanded(probe: "Probe", args: Args) -> List[str]:
    """Put the packages that apt knows in the place of patterns."""
    texts = []  # type: List[str]
    for text in args["name"]:
        for part in str(text).split(","):
            one = debian.spec(part)
            if not any(c in one.name for c in "*?["):
                texts.append(one.text())
                continue
            prefix = one.name.split("*")[0].split("?")[0].split("[")[0]
            offered = probe.query(
                ["apt-cache", "pkgnames", prefix, *debian.UNWRITTEN]
            ).stdout.split()
            fitting = [name for name in sorted(offered) if fnmatch.fnmatchcase(name, one.name)]
            texts += [name + one.relation + one.version for name in fitting] or [one.text()]
    return texts


def plain(text: str) -> str:
    """Write a package as apt-get takes it: it has no >=."""
    one = debian.spec(text)
    return one.text() if one.relation == "=" else one.name


def look_at_files(probe: "Probe", args: Args, found: State) -> None:
    """Find which of the package files hold what is not installed yet."""
    paths = matching(probe, args["deb"])
    debs = [one for one in (debian.deb(probe, path) for path in paths) if one]
    unread = sorted(set(paths) - {one.path for one in debs})
    if not probe.scratch():
        refuse_missing(probe, paths)
    packages = debian.known(probe, [one.name for one in debs])
    fits: Dict[str, bool] = {}
    versions: Dict[str, str] = {}
    todo: List[debian.Deb] = []
    for one in debs:
        package = packages.get(one.name)
        there = package is not None and package.status == "installed"
        versions[one.name] = package.version if package and there else ABSENT
        same = package is not None and package.version.endswith(one.version)
        fits[one.name] = debian.satisfied(package, one.version) and (
            same or not args.get("allow_downgrade")
        )
        if not fits[one.name]:
            todo.append(one)
    for path in unread:
        fits[path], versions[path] = False, ABSENT
    found.update(fits=fits, packages=versions, offered={one.name: one.version for one in debs})
    found["state"] = ABSENT if all(v == ABSENT for v in versions.values()) else "present"
    found["files"] = [one.path for one in debs if not fits[one.name]] + unread
    if not probe.scratch() or not todo:
        return
    told: List[Effect] = []
    for one in todo:
        told += package_effects.of_package(probe, one.path, one.name, one.version, starts(args))
    read = {one.key for one in told if one.kind == "package"}
    versions = {one.name: one.version for one in todo}
    real = all(probe.stat(p) and probe.effect("path", p) is None for p in found["files"])
    done = apt_transaction.simulate(probe, args, ["install", *found["files"]]) if real else None
    if done:
        found["transaction"] = done
        versions = dict(done.install, **versions)
        found["effects"] += package_effects.of_removed(probe, done.remove, purge=False)
    rest = {name: version for name, version in versions.items() if name not in read}
    found["effects"] += told + brought(probe, rest, args)


def refuse_missing(probe: "Probe", paths: Sequence[str]) -> None:
    """Fail when a package file is not there."""
    missing = [path for path in paths if "://" not in path and probe.stat(path) is None]
    if missing:
        raise ModuleFailure("no package file matches %s" % " ".join(missing))


def matching(probe: "Probe", patterns: Sequence[str]) -> List[str]:
    """Give the paths that patterns match, in the order given, each once.

    A pattern that matches nothing stands for itself: an earlier planned step may fill it.
    """
    paths = []  # type: List[str]
    for pattern in patterns:
        is_pattern = any(c in pattern for c in "*?[") and "://" not in pattern
        for path in (probe.glob(pattern) if is_pattern else []) or [pattern]:
            if path not in paths:
                paths.append(path)
    return paths


def look_at_host(probe: "Probe", args: Args, found: State) -> None:
    """Find what upgrade, autoremove, clean and repair would do to the whole host."""
    upgrade = args.get("upgrade") or "no"
    if upgrade != "no":
        done = apt_transaction.simulate(probe, args, UPGRADES[upgrade])
        found["upgradable"] = dict(done.install) if done else {}
        found["effects"] += brought(probe, found["upgradable"], args)
    if args.get("state") == "fixed":
        done = apt_transaction.simulate(probe, args, ["-f", "install"])
        found["broken"] = sorted([*done.install, *done.remove]) if done else ["dependencies"]
    if args.get("autoremove"):
        done = apt_transaction.simulate(probe, args, ["autoremove"])
        found["unneeded"] = sorted(done.remove) if done else []
        found["effects"] += package_effects.of_removed(
            probe, found["unneeded"], bool(args.get("purge"))
        )
    if args.get("autoclean"):
        out = probe.query(["apt-get", "-s", "autoclean", *debian.UNWRITTEN]).stdout.splitlines()
        found["outdated"] = [line.split()[1] for line in out if line.startswith("Del ")]
    if args.get("clean"):
        found["archives"] = [one for one in probe.listdir(ARCHIVES) if one.endswith(".deb")]


def foresee_transaction(probe: "Probe", args: Args, found: State, todo: Sequence[str]) -> None:
    """Add the effects of what apt-get would do, or of the names alone when it cannot tell."""
    done = found["transaction"]
    if args.get("state") == "absent":
        gone = done.remove if done else [debian.spec(text).name for text in todo]
        found["effects"] += package_effects.of_removed(probe, gone, bool(args.get("purge")))
        return
    if done:
        found["effects"] += package_effects.of_removed(probe, done.remove, purge=False)
    versions = dict(done.install) if done else {debian.spec(t).name: "" for t in todo}
    found["effects"] += brought(probe, versions, args)


def brought(probe: "Probe", versions: Dict[str, str], args: Args) -> List[Effect]:
    """Give the effects of packages by name: read from apt's cache, else as far as known."""
    effects: List[Effect] = []
    rest = {}
    for name, version in versions.items():
        path = package_effects.in_archives(probe, name, version)
        told = []
        if path:
            bare = name.partition(":")[0]
            told = package_effects.of_package(probe, path, bare, version, starts(args))
        effects += told
        if not any(one.kind == "package" for one in told):
            rest[name] = version
    return effects + package_effects.of_installed(probe, rest, starts(args))


def starts(args: Args) -> bool:
    """Say whether installing starts services: policy-rc.d may forbid it."""
    return args.get("policy_rc_d") is None or int(args["policy_rc_d"]) == 0
