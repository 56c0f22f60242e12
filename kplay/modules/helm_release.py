"""helm_release: a release of a Helm chart, with a plan that says which objects it changes how."""

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Set

from kplay.agent.host import UnknownValue
from kplay.modules import (
    helm_changes,
    helm_program,
    helm_rendering,
    helm_words,
    kubernetes,
    manifest_text,
    schema,
)
from kplay.modules import objects as cluster
from kplay.modules.api import ABSENT, UNKNOWN, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

DRIFTED = "%s stands otherwise than the release has it"
LEFT = DRIFTED + (
    ", and helm merges no change made by hand to such a kind; force: true replaces it"
)

UNDER_WAY = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")


def as_helm(args: Args) -> Args:
    """Give the arguments under the names that ``helm_program`` knows, kubernetes.core's."""
    return dict(
        args,
        release_name=args["name"],
        release_namespace=args["namespace"],
        release_values=helm_words.merged(args["values"], args["secret_values"]),
        chart_ref=args["chart"],
        chart_version=args["version"],
        chart_repo_url=args["repo_url"],
    )


def observe(probe: "Probe", args: Args) -> State:
    """Ask for the release, and for what an upgrade would make of it and of the cluster."""
    absent = args["state"] == "absent"
    if not absent and not args["chart"]:
        raise ModuleFailure("chart is needed where the release is to be present")
    if helm_program.foreseen(probe, args):
        if not kubernetes.foreseen(probe, args) and helm_program.kept(probe, args):
            raise UnknownValue("what helm says of the release, which an earlier step brings")
        return _nothing() if absent else dict(_planned(args), notes=kubernetes.unasked(probe, args))
    there = helm_program.listed(probe, args, args["name"], args["namespace"])
    if there is not None and there["status"] == "uninstalled":
        there = None
    if there is None and absent:
        return _nothing()
    under_way = there is not None and there["status"] in UNDER_WAY
    if there is not None and under_way and not absent and args["interrupted"] == "fail":
        raise ModuleFailure(interrupted(args, there), status=there["status"])
    brought = helm_rendering.brought(probe, args) if not absent else ""
    if brought and there is not None:
        raise UnknownValue("what %s holds, which an earlier step brings" % brought)
    if brought:
        return _planned(args)
    if absent or not schema.unknown([args["values"], args["secret_values"]]):
        return _compared(probe, args, there)
    if there is not None:
        raise UnknownValue(kubernetes.ARGUMENTS)
    return _open(probe, args)


def _open(probe: "Probe", args: Args) -> State:
    """Render a chart with a text where only the run can tell a value, if the chart takes one."""
    given = {name: manifest_text.filled(args[name]) for name in ("values", "secret_values")}
    try:
        return _compared(probe, dict(args, **given), None)
    except ModuleFailure:
        return _planned(args)


def _nothing() -> State:
    return {
        "state": ABSENT,
        "chart": "",
        "status": "",
        "contents": {},
        "release": {},
        "left": [],
        "drifted": [],
        "notes": [],
    }


def _planned(args: Args) -> State:
    """Give a release that is not there, of a chart that cannot be read yet."""
    values = manifest_text.veiled(as_helm(args)["release_values"], args["secret_values"])
    texts = {"values": manifest_text.dump(values) if values else "", "objects": UNKNOWN}
    return dict(_nothing(), next_chart=args["chart"], next_contents=texts)


def interrupted(args: Args, there: Dict[str, Any]) -> str:
    """Say what stands in the way, and the ways out."""
    return (
        "the release %s is %s since %s (revision %s): another helm is at work on it, or was ended "
        "before it was done; wait for it, or set `interrupted: rollback` to go back to what was "
        "deployed before" % (args["name"], there["status"], there["updated"], there["revision"])
    )


def _compared(probe: "Probe", args: Args, there: Optional[Dict[str, Any]]) -> State:
    found = _nothing()
    old = None
    if there is not None:
        given = helm_rendering.of_release(probe, args, there)
        old, there = given.texts, dict(there, values=given.values)
        found.update(state="present", chart=there["chart"], status=there["status"], release=there)
    if args["state"] == "absent":
        changes = helm_changes.find(helm_changes.Cluster(probe, args, args["namespace"]), old, None)
        found["contents"] = _hidden(args, there, None, changes)[0]
        found["touched"] = changes.touched
        return found
    next_one = helm_rendering.of_chart(probe, as_helm(args), there)
    secret = manifest_text.secrets(next_one.values, args["secret_values"])
    changes = _found(helm_changes.Cluster(probe, args, args["namespace"]), old, next_one, secret)
    drifted = [name for name in changes.before if name.endswith(helm_changes.IN_CLUSTER)]
    as_wanted = (there or {}).get("status") == "deployed" and (there or {})[
        "chart"
    ] == next_one.chart
    only = as_wanted and len(drifted) == len(changes.before)
    if args["drift"] == "tell" and only and (there or {})["values"] == next_one.values:
        found["drifted"] = [name[: -len(helm_changes.IN_CLUSTER)] for name in drifted]
        changes = changes._replace(before={}, after={}, touched=[])
    before, after = _hidden(args, there, next_one.values, changes)
    found.update(
        contents=before, next_contents=after, next_chart=next_one.chart, left=changes.left,
        touched=changes.touched, notes=changes.notes,
    )  # fmt: skip
    return found


def _found(
    cluster: helm_changes.Cluster,
    old: Optional[helm_changes.Texts],
    new: helm_rendering.Rendered,
    secret: Set[str],
) -> helm_changes.Changes:
    """Compare, and let nothing that the API server says of an object hold a secret of it."""
    try:
        changes = helm_changes.find(cluster, old, new.texts)
    except ModuleFailure as failed:
        raise _quiet(failed, secret) from None
    notes = [manifest_text.without(one, secret) for one in changes.notes]
    return changes._replace(notes=notes)


def _hidden(
    args: Args,
    there: Optional[Dict[str, Any]],
    wanted: Optional[Dict[str, Any]],
    changes: helm_changes.Changes,
) -> List[Dict[str, Any]]:
    """Give the texts before and after without what is secret, the values first."""
    old, new = (there or {}).get("values") or {}, wanted or {}
    secret = args["secret_values"]
    before, after = {}, {}  # type: Dict[str, Any], Dict[str, Any]
    shown = manifest_text.veiled(old, secret), manifest_text.veiled(new, secret, old)
    if shown[0] != shown[1]:
        before["values"], after["values"] = (
            manifest_text.dump(one) if one else "" for one in shown
        )
    words = manifest_text.secrets(old, secret) | manifest_text.secrets(new, secret)
    for name in changes.before:
        texts = changes.before[name], changes.after[name]
        one, other = (manifest_text.without(text, words) for text in texts)
        if one == other:
            other += "# a secret value is another one\n"
        before[name], after[name] = one, other
    return [before, after]


def desire(args: Args, found: State) -> State:
    """Want the release as the chart and the values make it, or gone."""
    if args["state"] == "absent":
        return {"state": ABSENT, "contents": {}}
    wanted: State = {
        "state": "present",
        "chart": found["next_chart"],
        "contents": found["next_contents"],
    }
    if found["state"] != ABSENT:
        wanted["status"] = "deployed"
    return wanted


def result(_args: Args, found: State, _wanted: State, changed: bool) -> State:
    """Give the release as it is when nothing changes, and what stands otherwise."""
    fields: State = {"left": found["drifted"] + found["left"]}
    told = [LEFT % name for name in found["left"]] + [DRIFTED % name for name in found["drifted"]]
    told += list(found["notes"]) if changed else []
    if told:
        fields["warnings"] = told
    return fields if changed else dict(fields, **_told(found["release"]))


def _told(release: Dict[str, Any]) -> State:
    """Give what is to be told of a release: its values may be secrets."""
    names = ("app_version", "chart", "name", "namespace", "revision", "status", "updated")
    return {"release": {name: release[name] for name in names if name in release}}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Install, upgrade or uninstall it."""
    name, namespace = args["name"], args["namespace"]
    if wanted["state"] == ABSENT:
        words = ["uninstall", name, "-n", namespace, *_patience(args)]
        words += ["--keep-history"] if args["keep_history"] else []
        words += ["--no-hooks"] if args["disable_hook"] else []
        return helm_program.run(host, args, words)
    if found["status"] in UNDER_WAY:
        _go_back(host, args)
    stdin, words = helm_words.upgrade(as_helm(args))
    given = as_helm(args)["release_values"]
    secret = manifest_text.secrets(given, args["secret_values"])
    try:
        fields = helm_program.run(host, args, words, stdin)
    except ModuleFailure as failed:
        # It is the same failure, told further
        raise _failed(host, args, _quiet(failed, secret))  # noqa: B904
    # A chart's notes may name what it was given
    fields = {name: manifest_text.without(text, secret) for name, text in fields.items()}
    now = helm_program.listed(host, args, name, namespace) or {}
    return dict(fields, **_told(now))


def _patience(args: Args) -> List[str]:
    words = ["--wait"] if args["wait"] else []
    return words + (
        ["--timeout=" + helm_words.duration(args["timeout"])] if args["timeout"] else []
    )


def _go_back(host: "Host", args: Args) -> None:
    """Undo what another helm left half done: helm upgrades no release that is under way."""
    name, namespace = args["name"], args["namespace"]
    before = helm_program.deployed(host, args, name, namespace)
    if before is None:
        helm_program.run(host, args, ["uninstall", name, "-n", namespace, *_patience(args)])
    else:
        words = ["rollback", name, str(before), "-n", namespace, *_patience(args)]
        helm_program.run(host, args, words)


def _quiet(failed: ModuleFailure, secret: Set[str]) -> ModuleFailure:
    fields = {
        name: manifest_text.without(one, secret) if isinstance(one, str) else one
        for name, one in failed.fields.items()
    }
    return ModuleFailure(manifest_text.without(failed.msg, secret), **fields)


def _failed(host: "Host", args: Args, failed: ModuleFailure) -> ModuleFailure:
    """Say of a failed upgrade what the release is now."""
    try:
        now = helm_program.listed(host, args, args["name"], args["namespace"])
    except ModuleFailure:
        return failed
    if now is None:
        said = "there is no release now"
    else:
        said = "the release is now %s, at revision %s" % (now["status"], now["revision"])
    return ModuleFailure("%s; %s" % (failed.msg, said), **dict(failed.fields, **_told(now or {})))


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Say which objects will not be as they are."""
    namespace = args["namespace"]
    touched = list(found.get("touched") or [])
    placed = [
        dict(one, metadata=dict(one["metadata"], namespace=namespace))
        for one in touched
        if not one["metadata"].get("namespace")
    ]
    if args["create_namespace"] and wanted["state"] != ABSENT and found["state"] == ABSENT:
        touched.append({"kind": "Namespace", "metadata": {"name": namespace}})
    return cluster.effects(touched + placed)


module = Module(
    "helm_release",
    args=dict(
        kubernetes.ARGS,
        **{name: helm_program.ARGS[name] for name in ("host", "ca_cert", "validate_certs")},
        binary_path=Arg("path", default="helm", aliases=("helm",)),
        name=Arg(required=True, aliases=("release_name",)),
        namespace=Arg(default="default", aliases=("release_namespace",)),
        create_namespace=Arg("bool", default=False),
        chart=Arg(aliases=("chart_ref",)),
        version=Arg(aliases=("chart_version",)),
        repo_url=Arg(aliases=("chart_repo_url",)),
        values=Arg("dict", default={}),
        secret_values=Arg("dict", default={}, secret=True),
        values_files=Arg("list", elements="path", default=()),
        state=Arg(default="present", choices=("present", "absent")),
        wait=Arg("bool", default=False),
        timeout=Arg(),
        atomic=Arg("bool", default=False),
        force=Arg("bool", default=False),
        drift=Arg(default="mend", choices=("mend", "tell")),
        interrupted=Arg(default="fail", choices=("fail", "rollback")),
        keep_history=Arg("bool", default=False),
        history_max=Arg("int"),
        disable_hook=Arg("bool", default=False),
        skip_crds=Arg("bool", default=False),
        skip_schema_validation=Arg("bool", default=False),
        take_ownership=Arg("bool", default=False),
        insecure_skip_tls_verify=Arg("bool", default=False),
        plain_http=Arg("bool", default=False),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    result=result,
    foresee=foresee,
    writes_files=False,
    fields=("state", "chart", "status", "contents"),
)
