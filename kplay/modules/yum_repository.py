"""yum_repository: one repository of dnf or yum, in a file of /etc/yum.repos.d."""

import posixpath
import re
from typing import TYPE_CHECKING, Any, List, Optional, Tuple

from kplay.modules import ownership, textfile
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

_OPTIONS = {
    "async": Arg("bool"),
    "bandwidth": Arg(),
    "baseurl": Arg("list", elements="str"),
    "cost": Arg(),
    "countme": Arg("bool"),
    "deltarpm_metadata_percentage": Arg(),
    "deltarpm_percentage": Arg(),
    "enabled": Arg("bool"),
    "enablegroups": Arg("bool"),
    "exclude": Arg("list", elements="str", aliases=("excludepkgs",)),
    "failovermethod": Arg(choices=("roundrobin", "priority")),
    "gpgcakey": Arg(),
    "gpgcheck": Arg("bool"),
    "gpgkey": Arg("list", elements="str"),
    "http_caching": Arg(choices=("all", "packages", "none")),
    "include": Arg(),
    "includepkgs": Arg("list", elements="str"),
    "ip_resolve": Arg(choices=("4", "6", "IPv4", "IPv6", "whatever")),
    "keepalive": Arg("bool"),
    "keepcache": Arg(choices=("0", "1")),
    "metadata_expire": Arg(),
    "metadata_expire_filter": Arg(
        choices=("never", "read-only:past", "read-only:present", "read-only:future")
    ),
    "metalink": Arg(),
    "mirrorlist": Arg(),
    "mirrorlist_expire": Arg(),
    "module_hotfixes": Arg("bool"),
    "name": Arg(),
    "password": Arg(secret=True),
    "priority": Arg(),
    "protect": Arg("bool"),
    "proxy": Arg(),
    "proxy_password": Arg(secret=True),
    "proxy_username": Arg(),
    "repo_gpgcheck": Arg("bool"),
    "retries": Arg(),
    "s3_enabled": Arg("bool"),
    "skip_if_unavailable": Arg("bool"),
    "ssl_check_cert_permissions": Arg("bool"),
    "sslcacert": Arg(aliases=("ca_cert",)),
    "sslclientcert": Arg(aliases=("client_cert",)),
    "sslclientkey": Arg(aliases=("client_key",)),
    "sslverify": Arg("bool", aliases=("validate_certs",)),
    "throttle": Arg(),
    "timeout": Arg(),
    "ui_repoid_vars": Arg(),
    "username": Arg(),
}
"""The options that dnf.conf(5) has under the same name, in the order written."""

_SPACED = ("exclude", "includepkgs")
_HEADING = re.compile(r"^\[(.*)\]\s*$")


def section(args: Args) -> str:
    """The repository's section: its heading and one line for each option given."""
    lines = ["[{}]".format(args["name"])]
    for name in _OPTIONS:
        value = args["description"] if name == "name" else args[name]
        if value is not None:
            lines.append("{} = {}".format(name, _written(name, value)))
    return "".join(line + "\n" for line in lines)


def _written(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list):
        # a value goes on in lines that are indented
        return (" " if name in _SPACED else "\n\t").join(value)
    return str(value)


def sections(text: str) -> List[Tuple[str, str]]:
    """Name and text of each section; what stands before the first has an empty name."""
    found = [("", "")]
    for line in text.splitlines():
        heading = _HEADING.match(line)
        if heading is not None:
            found.append((heading.group(1), ""))
        found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return found


def edit(args: Args, text: str) -> Optional[str]:
    """The file's text with the repository as it should be, or None when nothing is left."""
    name, made, done = args["name"], "", False
    for one, body in sections(text):
        if one != name:
            made += body
        elif args["state"] == "present" and not done:
            # the empty lines between it and the next stay
            gap = body[len(body.rstrip("\n")) + 1 :]
            made, done = made + section(args) + gap, True
    if args["state"] == "absent":
        return made if any(one for one, _ in sections(made)) else None
    if not done:
        made = made if not made or made.endswith("\n\n") else made + "\n"
        made += section(args)
    return made


def observe(probe: "Probe", args: Args) -> State:
    """Read the file."""
    if args["state"] == "present":
        _check(args)
    directory = args["reposdir"]
    path = posixpath.join(directory, (args["file"] or args["name"]) + ".repo")
    stat = probe.stat(path)
    above = probe.stat(directory)
    if args["state"] == "present" and (above is None or above.state != "directory"):
        message = f"Repo directory '{directory}' does not exist."
        raise lacking(probe, f"directory {directory}", message, repo=args["name"])
    found: State = {"path": path, "state": stat.state if stat else ABSENT}
    found.update(ownership.observe(probe, args, stat, path))
    found["content"] = textfile.decode(probe.read(path)) if stat else ""
    found["text"] = edit(args, found["content"])
    return found


def _check(args: Args) -> None:
    if not any(args[name] for name in ("baseurl", "metalink", "mirrorlist")):
        raise ModuleFailure("one of the following is required: baseurl, metalink, mirrorlist")
    if args["description"] is None:
        raise ModuleFailure("state is present but all of the following are missing: description")


def desire(args: Args, found: State) -> State:
    """Want the section in the file, or the file without it."""
    text = found["text"]
    if args["state"] == "absent" and (found["state"] == ABSENT or text == found["content"]):
        return {}
    if text is None:
        return {"state": ABSENT, "content": ""}
    wanted: State = {"state": "file", "content": text}
    wanted.update(ownership.desire(args, found, 0o666))
    return wanted


def apply(host: "Host", _args: Args, found: State, wanted: State) -> State:
    """Write or remove the file."""
    path = found["path"]
    if wanted["state"] == ABSENT:
        host.remove(path)
        return {}
    if wanted["content"] != found["content"] or found["state"] == ABSENT:
        host.write(path, textfile.encode(wanted["content"]))
    ownership.apply(host, path, wanted)
    return {}


def result(args: Args, _found: State, _wanted: State, _changed: bool) -> State:
    """Name the repository."""
    return {"repo": args["name"], "state": args["state"]}


def foresee(_args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps the file."""
    if wanted["state"] == ABSENT:
        return [Effect("path", found["path"], {"state": ABSENT})]
    attributes = ownership.foreseen(found, wanted, 0o666)
    return [textfile.effect(found["path"], wanted["content"], **attributes)]


module = Module(
    "yum_repository",
    args=dict(
        ownership.ARGS,
        **{
            **_OPTIONS,
            "name": Arg(required=True),
            "description": Arg(),
            "file": Arg(),
            "reposdir": Arg("path", default="/etc/yum.repos.d"),
            "state": Arg(default="present", choices=("absent", "present")),
        },
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    result=result,
    complete=True,
    foresee=foresee,
    verify=("state", "content", "mode", "owner", "group"),
    untested=True,
)
