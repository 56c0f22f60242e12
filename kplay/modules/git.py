"""git: a working tree or bare repository at a version of a remote one."""

from typing import TYPE_CHECKING, List

from kplay.agent.host import UnknownValue
from kplay.modules import git_remote, git_work
from kplay.modules.api import ABSENT, UNKNOWN, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(probe: "Probe", args: Args) -> State:
    """Look at the tree, and at what the remote has."""
    git = args["executable"] or "git"
    if not probe.which(git):
        message = 'Failed to find required executable "git"'
        raise lacking(probe, "program git", message)
    dest = args["dest"].rstrip("/") or "/"
    found: State = {"git": git, "dest": dest, "before": None, "url": "", "mods": False}
    found["git_dir"] = git_remote.git_dir(probe, dest, args["bare"])
    found["state"] = "present" if found["git_dir"] else ABSENT
    found["submodules"] = "as recorded"
    if found["git_dir"]:
        _look(probe, args, found)
    elif not args["clone"]:
        found["remote"] = ""
    if "remote" not in found:
        found["remote"] = git_remote.head(probe, args, git, found["before"])
    found["version"] = found["before"]
    found["archive"] = git_remote.archived(probe, args["archive"]) if args["archive"] else ""
    return found


def _look(probe: "Probe", args: Args, found: State) -> None:
    dest, git = found["dest"], [found["git"], "--no-optional-locks", "-C", found["dest"]]
    if probe.effect("git", dest) is not None:
        planned = probe.effect("git", dest)
        found.update(before=planned["version"], url=planned["url"])
        return
    done = probe.query([*git, "rev-parse", "HEAD"])
    found["before"] = done.stdout.strip() if done.rc == 0 else None
    if done.rc != 0 and "dubious ownership" in done.stderr:
        raise ModuleFailure(done.stderr.strip(), rc=done.rc)
    found["url"] = probe.query([*git, "remote", "get-url", args["remote"]]).stdout.strip()
    if args["bare"]:
        return
    if not args["update"]:
        found["remote"] = found["before"]
        return
    changed = probe.query([*git, "status", "--porcelain", "--untracked-files=no"], timeout=300.0)
    found["mods"] = bool(changed.stdout.strip())
    if found["mods"] and not args["force"]:
        message = f"Local modifications exist in the destination: {dest} (force=no)."
        raise ModuleFailure(message, before=found["before"])
    if args["recursive"] and probe.stat(dest + "/.gitmodules") is not None:
        if args["track_submodules"] and probe.scratch():
            raise UnknownValue(f"where the branches of the submodules of {dest} stand")
        told = probe.query([*git, "submodule", "status", "--recursive"], timeout=300.0)
        loose = any(line[:1] in "-+U" for line in told.stdout.splitlines())
        if loose or args["track_submodules"]:
            found["submodules"] = "another commit"


def desire(args: Args, found: State) -> State:
    """Want the version that the remote has."""
    if found["state"] == ABSENT and not args["clone"]:
        return {}
    wanted: State = {"state": "present"}
    if found["state"] == ABSENT or args["update"]:
        wanted["url"] = git_remote.address(args)
        wanted["version"] = found["remote"] or f"{args['version']} of {wanted['url']}"
        if args["recursive"] and not args["bare"]:
            wanted["submodules"] = "as recorded"
        if found["mods"]:
            wanted["mods"] = False
    if args["separate_git_dir"]:
        wanted["git_dir"] = args["separate_git_dir"]
    if args["archive"]:
        wanted["archive"] = wanted.get("version", found["before"])
    return wanted


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Clone or fetch, check out, and pack."""
    work = git_work.Work(host, args, found["git"], found["dest"])
    fields: State = {"before": found["before"]}
    if found["state"] == ABSENT:
        work.clone()
    else:
        if args["separate_git_dir"] and args["separate_git_dir"] != found["git_dir"]:
            fields.update(work.move(found["git_dir"]))
        if args["update"]:
            if found["mods"]:
                work.run(["reset", "--hard", "HEAD"])
                fields["msg"] = f"Local modifications exist in the destination: {found['dest']}"
            if found["url"] != git_remote.address(args):
                work.point()
                fields["remote_url_changed"] = True
            work.fetch()
    if found["state"] == ABSENT or args["update"]:
        work.check_out()
        if wanted.get("submodules"):
            work.submodules()
    fields["after"] = work.version()
    if args["archive"] and (found["archive"] != fields["after"]):
        work.pack()
    moved = fields["after"] != found["before"] or found["mods"]
    others = [key for key in wanted if key not in ("version", "mods", "state")]
    fields["changed"] = moved or any(wanted[key] != found.get(key) for key in others)
    return fields


def result(_args: Args, found: State, wanted: State, _changed: bool) -> State:
    """Give the commits before and after; a clone says nothing of its remote's address."""
    fields: State = {"before": found["before"], "after": wanted.get("version", found["before"])}
    return fields if found["state"] == ABSENT else dict(fields, remote_url_changed=False)


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps the directory."""
    dest = found["dest"]
    effects = []
    if found["state"] == ABSENT:
        effects.append(Effect("path", dest, {"state": "directory", "below": UNKNOWN}))
        if not args["bare"]:
            effects.append(Effect("path", dest + "/.git", {"state": "directory"}))
    if "version" in wanted:
        value = {"version": wanted["version"], "url": wanted["url"]}
        effects.append(Effect("git", dest, value))
    return effects


module = Module(
    "git",
    args={
        "repo": Arg(required=True, aliases=("name",)),
        "dest": Arg("path", required=True),
        "version": Arg(default="HEAD"),
        "remote": Arg(default="origin"),
        "refspec": Arg(),
        "reference": Arg(),
        "force": Arg("bool", default=False),
        "depth": Arg("int"),
        "clone": Arg("bool", default=True),
        "update": Arg("bool", default=True),
        "verify_commit": Arg("bool", default=False),
        "gpg_allowlist": Arg("list", elements="str", default=(), aliases=("gpg_whitelist",)),
        "accept_hostkey": Arg("bool", default=False),
        "accept_newhostkey": Arg("bool", default=False),
        "key_file": Arg("path"),
        "ssh_opts": Arg(),
        "executable": Arg("path"),
        "bare": Arg("bool", default=False),
        "recursive": Arg("bool", default=True),
        "single_branch": Arg("bool", default=False),
        "track_submodules": Arg("bool", default=False),
        "umask": Arg("raw"),
        "archive": Arg("path"),
        "archive_prefix": Arg(),
        "separate_git_dir": Arg("path"),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    result=result,
    foresee=foresee,
    verify=("state",),
    fields=("state", "version", "url", "mods", "submodules", "git_dir", "archive"),
    exclusive_args=(("separate_git_dir", "bare"), ("accept_hostkey", "accept_newhostkey")),
)
