"""helm_plugin: plugins of a user's helm."""

from typing import TYPE_CHECKING

from kplay.modules import helm_program
from kplay.modules.api import ABSENT, Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(probe: "Probe", args: Args) -> State:
    """Ask helm for the list: NAME VERSION DESCRIPTION."""
    gone = {"state": ABSENT, "version": ""}
    if helm_program.foreseen(probe, dict(args, kubeconfig=None)):
        return gone
    done = helm_program.ask(probe, args, ["plugin", "list"])
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    for row in rows:
        if len(row) > 1 and row[0] == _name(args):
            return {"state": "present", "version": row[1]}
    return gone


def _name(args: Args) -> str:
    """The plugin's name: of one that is known by its address alone, by which its folder goes."""
    if args["plugin_name"]:
        return str(args["plugin_name"])
    last = str(args["plugin_path"] or "").rstrip("/").rpartition("/")[2]
    last = last[:-4] if last.endswith(".git") else last
    return last[5:] if last.startswith("helm-") else last


def desire(args: Args, found: State) -> State:
    """Want it there, or gone."""
    if args["state"] == "absent":
        if not args["plugin_name"]:
            raise ModuleFailure("plugin_name is needed where the plugin is to go")
        return {"state": ABSENT}
    if args["state"] == "latest":
        return {"state": "present", "version": "the latest"}
    if not args["plugin_path"]:
        raise ModuleFailure("plugin_path is needed where the plugin is to be there")
    wanted = {"state": "present"}
    if args["plugin_version"] and found["state"] == ABSENT:
        wanted["version"] = args["plugin_version"]
    return wanted


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Install, update or uninstall it."""
    if wanted["state"] == ABSENT:
        return helm_program.run(host, args, ["plugin", "uninstall", args["plugin_name"]])
    if args["state"] == "latest" and found["state"] != ABSENT:
        return helm_program.run(host, args, ["plugin", "update", _name(args)])
    if not args["plugin_path"]:
        raise ModuleFailure("plugin_path is needed where the plugin is to be there")
    words = ["plugin", "install", args["plugin_path"]]
    if args["plugin_version"]:
        words.append("--version=" + args["plugin_version"])
    return helm_program.run(host, args, words)


module = Module(
    "helm_plugin",
    args=dict(
        helm_program.ARGS,
        plugin_name=Arg(),
        plugin_path=Arg(),
        plugin_version=Arg(),
        state=Arg(default="present", choices=("present", "absent", "latest")),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    also_known_as=("kubernetes.core.helm_plugin",),
)
