"""helm: releases of charts, as kubernetes.core has it, through helm."""

from typing import TYPE_CHECKING, Any, Dict, List

from kplay.modules import helm_program, helm_words
from kplay.modules.api import ABSENT, Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(probe: "Probe", args: Args) -> State:
    """Ask for the release, and for what an upgrade would make of it."""
    name, namespace = args["release_name"], args["release_namespace"]
    if helm_program.foreseen(probe, args):
        return _absent()
    there = helm_program.release(probe, args, name, namespace)
    if there is None or there["status"] == "uninstalled":
        return _absent()
    found: State = {
        "state": "present",
        "chart": there["chart"],
        "values": there["values"],
        "status": there["status"],
        "release": there,
    }
    if args["release_state"] == "present" and args["chart_ref"]:
        next_one = helm_program.rehearse(probe, args) if _can_tell(probe, args) else None
        if next_one is not None:
            words = ["get", "manifest", name, "-n", namespace]
            found["content"] = helm_program.ask(probe, args, words).stdout.strip() + "\n"
            found["next_chart"], found["next_values"] = next_one.chart, next_one.values
            found["next_content"] = next_one.manifest.strip() + "\n"
    return found


def _absent() -> State:
    return {"state": ABSENT, "chart": "", "values": {}, "release": {}}


def _can_tell(probe: "Probe", args: Args) -> bool:
    """Whether helm can be asked: a repository that was added may be one that a plan adds."""
    if args["dependency_update"]:
        return False
    ref = args["chart_ref"]
    return "://" in ref or bool(args["chart_repo_url"]) or probe.stat(ref) is not None


def desire(args: Args, found: State) -> State:
    """Want the release with its chart, its values and what they give; or gone."""
    if args["release_state"] == "absent":
        return {"state": ABSENT}
    if not args["chart_ref"]:
        raise ModuleFailure("chart_ref is needed where the release is to be present")
    wanted: State = {"state": "present"}
    if found["state"] == ABSENT:
        wanted["chart"] = args["chart_ref"]
        wanted["values"] = args["release_values"]
        return wanted
    if found["status"] != "deployed":
        wanted["status"] = "deployed"
    if "next_content" in found:
        wanted["chart"] = found["next_chart"]
        wanted["values"] = found["next_values"]
        wanted["content"] = found["next_content"]
        return wanted
    version = (args["chart_version"] or "").lstrip("v")
    if version and _version(found["chart"]) != version:
        wanted["chart"] = "%s-%s" % (_name(found["chart"]), args["chart_version"])
    reused = args["reuse_values"] or args["reset_then_reuse_values"]
    values = args["release_values"]
    if reused:
        values = helm_words.merged(found["values"], values)
    for one in args["set_values"] or []:
        key, _, value = one["value"].partition("=")
        values = helm_words.merged(values, _nested(key.split("."), value))
    if not args["values_files"]:
        wanted["values"] = values
    return wanted


def _name(chart: str) -> str:
    return chart.rpartition("-")[0] if chart.rpartition("-")[2][:1].isdigit() else chart


def _version(chart: str) -> str:
    """Give the version of NAME-VERSION, whose name may hold dashes and whose version, too.

    >>> _version("cert-manager-v1.2.3-rc.1")
    '1.2.3-rc.1'
    """
    words = chart.split("-")
    for number, word in enumerate(words[1:], 1):
        if word.lstrip("v")[:1].isdigit() and "." in word:
            return "-".join(words[number:]).lstrip("v")
    return ""


def _nested(path: List[str], value: Any) -> Dict[str, Any]:
    made: Any = value
    for name in reversed(path):
        made = {name: made}
    return dict(made)


def result(_args: Args, found: State, _wanted: State, changed: bool) -> State:
    """Give the release as it is when nothing changes."""
    return {} if changed else {"status": found["release"]}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Install, upgrade or uninstall it."""
    name, namespace = args["release_name"], args["release_namespace"]
    if args["update_repo_cache"]:
        helm_program.run(host, args, ["repo", "update"])
    if wanted["state"] == ABSENT:
        words = ["uninstall", name, "-n", namespace]
        words += [] if args["purge"] else ["--keep-history"]
        words += ["--no-hooks"] if args["disable_hook"] else []
        words += ["--wait"] if args["wait"] else []
        return helm_program.run(host, args, words)
    stdin, words = helm_words.upgrade(args)
    if args["replace"] and found["state"] == ABSENT:
        words = ["install", *words[2:], "--replace"]
    fields = helm_program.run(host, args, words, stdin)
    fields["status"] = helm_program.release(host, args, name, namespace) or {}
    return fields


module = Module(
    "helm",
    args=dict(
        helm_program.ARGS,
        release_name=Arg(required=True, aliases=("name",)),
        release_namespace=Arg(required=True, aliases=("namespace",)),
        release_state=Arg(default="present", choices=("present", "absent"), aliases=("state",)),
        release_values=Arg("dict", default={}, aliases=("values",)),
        chart_ref=Arg(),
        chart_version=Arg(),
        chart_repo_url=Arg(),
        values_files=Arg("list", elements="str", default=()),
        set_values=Arg("list", elements="dict"),
        update_repo_cache=Arg("bool", default=False),
        atomic=Arg("bool", default=False),
        create_namespace=Arg("bool", default=False),
        dependency_update=Arg("bool", default=False, aliases=("dep_up",)),
        disable_hook=Arg("bool", default=False),
        force=Arg("bool", default=False),
        history_max=Arg("int"),
        insecure_skip_tls_verify=Arg("bool", default=False, aliases=("skip_tls_certs_check",)),
        plain_http=Arg("bool", default=False),
        post_renderer=Arg(),
        purge=Arg("bool", default=True),
        replace=Arg("bool", default=False),
        reset_then_reuse_values=Arg("bool", default=False),
        reset_values=Arg("bool", default=True),
        reuse_values=Arg("bool"),
        skip_crds=Arg("bool", default=False),
        skip_schema_validation=Arg("bool", default=False),
        take_ownership=Arg("bool", default=False),
        timeout=Arg(),
        wait=Arg("bool", default=False),
        wait_timeout=Arg(),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    result=result,
    writes_files=False,
    fields=("chart", "values", "content", "state"),
    also_known_as=("kubernetes.core.helm", "community.kubernetes.helm"),
)
