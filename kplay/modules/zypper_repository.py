"""zypper_repository: a repository of zypper, in a file of /etc/zypp/repos.d."""

import posixpath
from typing import TYPE_CHECKING, Dict, List, NamedTuple

from kplay.modules import get_url, textfile
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking
from kplay.modules.yum_repository import sections

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

REPOS = "/etc/zypp/repos.d"


class Repository(NamedTuple):
    """One section of one file."""

    path: str
    alias: str
    options: Dict[str, str]


def repositories(probe: "Probe") -> List[Repository]:
    """All repositories of the host."""
    return [one for path in probe.glob(REPOS + "/*.repo") for one in _of(path, probe.read(path))]


def _of(path: str, data: bytes) -> List[Repository]:
    found = []
    for alias, body in sections(textfile.decode(data)):
        lines = [line.partition("=") for line in body.splitlines() if "=" in line]
        options = {name.strip(): value.strip() for name, _, value in lines}
        if alias:
            found.append(Repository(path, alias, options))
    return found


def observe(probe: "Probe", args: Args) -> State:
    """Read the files, and the one that is named as the source."""
    if probe.stat(posixpath.dirname(REPOS)) is None:
        message = f"{posixpath.dirname(REPOS)} does not exist: is this a host with zypper?"
        raise lacking(probe, f"directory {posixpath.dirname(REPOS)}", message)
    repo, name = args["repo"] or "", args["name"] or ""
    found: State = {"files": {}, "refreshed": False, "all": repo == "*"}
    if found["all"]:
        if not args["runrefresh"]:
            raise ModuleFailure("repo=* can only be used with the runrefresh option.")
        return found
    if args["state"] == "present" and not repo:
        raise ModuleFailure("Module option state=present requires repo")
    if args["state"] == "absent" and not (repo or name):
        raise ModuleFailure("Alias or repo parameter required when state=absent")
    asked = {}
    if repo.endswith(".repo"):
        asked = _from_file(probe, args)
    elif args["state"] == "present":
        if not name:
            raise ModuleFailure("Name required when adding non-repo files.")
        asked = {f"{REPOS}/{name}.repo": _text(args)}
    aliases = {one.alias for path, text in asked.items() for one in _of(path, text.encode())}
    aliases |= {name} if name else set()
    there = [one for one in repositories(probe) if _meant(one, aliases, repo)]
    several = len({one.path for one in there}) > 1 and args["state"] == "present"
    if several and not args["overwrite_multiple"]:
        names = ", ".join(one.alias for one in there)
        message = f"More than one repo matched: {names}: set overwrite_multiple to replace them"
        raise ModuleFailure(message)
    found["asked"] = asked
    found["files"] = {one.path: textfile.decode(probe.read(one.path)) for one in there}
    for path in asked:
        if path not in found["files"] and probe.stat(path) is not None:
            found["files"][path] = textfile.decode(probe.read(path))
    found["same"] = [one.options for one in there]
    found["state"] = "present" if found["files"] else ABSENT
    return found


def _meant(one: Repository, aliases: "set[str]", repo: str) -> bool:
    url = one.options.get("baseurl", "").rstrip("/")
    return one.alias in aliases or (bool(repo) and url == repo.rstrip("/"))


def _from_file(probe: "Probe", args: Args) -> Dict[str, str]:
    source = args["repo"]
    if "://" in source:
        data = get_url.fetch(probe, dict(get_url.PLAIN), source)[0]
    elif probe.stat(source) is None:
        message = f"Error opening .repo file {source}: it does not exist"
        raise lacking(probe, f"file {source}", message)
    else:
        data = probe.read(source)
    made = {}
    for one in _of(source, data):
        name = args["name"] or one.alias
        options = dict(one.options)
        options.setdefault("enabled", "1")
        options.setdefault("autorefresh", "1")
        lines = [f"{key}={value}" for key, value in options.items()]
        made[f"{REPOS}/{name}.repo"] = "\n".join([f"[{name}]", *lines, ""])
    if not made:
        message = f"Invalid format, .repo file could not be parsed: {source}"
        raise ModuleFailure(message)
    return made


def _text(args: Args) -> str:
    def flag(value: bool) -> str:
        return "1" if value else "0"

    lines = [
        "[{}]".format(args["name"]),
        "name={}".format(args["description"] or args["name"]),
        "enabled={}".format(flag(args["enabled"])),
        "autorefresh={}".format(flag(args["autorefresh"])),
        "baseurl={}".format(args["repo"]),
    ]
    lines += ["gpgcheck=0"] if args["disable_gpg_check"] else []
    lines += ["priority={}".format(args["priority"])] if args["priority"] is not None else []
    return "\n".join([*lines, ""])


def desire(args: Args, found: State) -> State:
    """Want the files as asked, and no other file for the same repository."""
    wanted: State = {"refreshed": True} if args["runrefresh"] else {}
    if found["all"]:
        return wanted
    gone = dict.fromkeys(found["files"])
    if args["state"] == "absent":
        return dict(wanted, state=ABSENT, files={})
    files = dict(found["asked"])
    for path, text in files.items():
        if path in gone and _holds(found["files"][path], text):
            files[path] = found["files"][path]
    return dict(wanted, state="present", files=files)


def _holds(there: str, asked: str) -> bool:
    """Whether a file has all options asked for; zypper may have added others."""
    old = {one.alias: one.options for one in _of("", there.encode())}
    new = {one.alias: one.options for one in _of("", asked.encode())}
    if set(old) != set(new):
        return False
    for alias, options in new.items():
        mine = dict(old[alias], baseurl=old[alias].get("baseurl", "").rstrip("/"))
        if "baseurl" in options:
            options["baseurl"] = options["baseurl"].rstrip("/")
        if any(mine.get(key) != value for key, value in options.items()):
            return False
    return True


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Write the files, then let zypper fetch what is asked for."""
    files = wanted.get("files", {})
    for path in found["files"]:
        if path not in files:
            host.remove(path)
    for path, text in files.items():
        if text != found["files"].get(path):
            if host.stat(REPOS) is None:
                host.mkdir(REPOS, 0o755)
            host.write(path, textfile.encode(text), 0o644)
    changed = not found["all"] and files != found["files"]
    keys = args["auto_import_keys"] and args["state"] == "present" and changed
    if args["runrefresh"] or keys:
        names = [posixpath.basename(path)[: -len(".repo")] for path in files]
        trust = ["--gpg-auto-import-keys"] if args["auto_import_keys"] else []
        argv = ["zypper", "--non-interactive", *trust, "refresh", *names]
        done = host.run(argv, env={"LC_ALL": "C.UTF-8"}, stream=True)
        if done.rc != 0:
            said = done.stderr.strip() or done.stdout.strip()
            message = f"Zypper failed to refresh: {said}"
            raise ModuleFailure(message, rc=done.rc, stdout=done.stdout, stderr=done.stderr)
    return {"changed": changed}


def result(args: Args, _found: State, _wanted: State, _changed: bool) -> State:
    """Name the repository."""
    names = ("name", "repo", "state", "enabled", "priority")
    return {name: args[name] for name in names}


def foresee(_args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps the files."""
    files = wanted.get("files", {})
    gone = [path for path in found["files"] if path not in files]
    effects = [Effect("path", path, {"state": ABSENT}) for path in gone]
    return effects + [textfile.effect(path, text) for path, text in files.items()]


module = Module(
    "zypper_repository",
    args={
        "name": Arg(),
        "repo": Arg(),
        "state": Arg(default="present", choices=("absent", "present")),
        "description": Arg(),
        "disable_gpg_check": Arg("bool", default=False),
        "autorefresh": Arg("bool", default=True, aliases=("refresh",)),
        "priority": Arg("int"),
        "overwrite_multiple": Arg("bool", default=False),
        "auto_import_keys": Arg("bool", default=False),
        "runrefresh": Arg("bool", default=False),
        "enabled": Arg("bool", default=True),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    exclusive=("rpm",),
    result=result,
    foresee=foresee,
    verify=("state", "files"),
    untested=True,
)
