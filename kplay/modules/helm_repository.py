"""helm_repository: repositories of charts that a user's helm knows."""

import json
from typing import TYPE_CHECKING

from kplay.modules import helm_program
from kplay.modules.api import ABSENT, Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(probe: "Probe", args: Args) -> State:
    """Ask helm for the list."""
    gone = {"state": ABSENT, "url": ""}
    if helm_program.foreseen(probe, dict(args, kubeconfig=None)):
        return gone
    done = probe.query(helm_program.helm(args, ["repo", "list", "-o", "json"]))
    if done.rc != 0:
        # helm's words for an empty list, which it takes for an error
        if "no repositories" in done.stderr:
            return gone
        raise helm_program.failure(["repo", "list"], done)
    for one in json.loads(done.stdout or "[]"):
        if one["name"] == args["repo_name"]:
            return {"state": "present", "url": one["url"]}
    return gone


def desire(args: Args, found: State) -> State:
    """Want it there with its address, or gone."""
    if args["repo_state"] == "absent":
        return {"state": ABSENT}
    if not args["repo_url"]:
        raise ModuleFailure("repo_url is needed where the repository is to be present")
    known = found["state"] != ABSENT
    if known and found["url"] != args["repo_url"] and not args["force_update"]:
        message = "repository %s has the address %s already; force_update changes it"
        raise ModuleFailure(message % (args["repo_name"], found["url"]))
    return {"state": "present", "url": args["repo_url"]}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Add or remove it."""
    if wanted["state"] == ABSENT:
        return helm_program.run(host, args, ["repo", "remove", args["repo_name"]])
    words = ["repo", "add", args["repo_name"], args["repo_url"]]
    stdin = ""
    if args["repo_username"]:
        words += ["--username", args["repo_username"], "--password-stdin"]
        stdin = args["repo_password"] or ""
    for name in ("force_update", "insecure_skip_tls_verify", "pass_credentials"):
        if args[name] and (name != "force_update" or found["state"] != ABSENT):
            words.append("--" + name.replace("_", "-"))
    return helm_program.run(host, args, words, stdin)


module = Module(
    "helm_repository",
    args=dict(
        helm_program.ARGS,
        repo_name=Arg(required=True, aliases=("name",)),
        repo_url=Arg(aliases=("url",)),
        repo_username=Arg(aliases=("username",)),
        repo_password=Arg(aliases=("password",), secret=True),
        repo_state=Arg(default="present", choices=("present", "absent"), aliases=("state",)),
        force_update=Arg("bool", default=False, aliases=("force",)),
        insecure_skip_tls_verify=Arg("bool", default=False, aliases=("skip_tls_certs_check",)),
        pass_credentials=Arg("bool", default=False),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    verify=("state", "url"),
    also_known_as=("kubernetes.core.helm_repository", "community.kubernetes.helm_repository"),
)
