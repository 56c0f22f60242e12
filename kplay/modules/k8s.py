"""k8s: objects of a Kubernetes cluster, as kubernetes.core has it, through kubectl."""

from typing import TYPE_CHECKING, Any, Dict, List, Optional

from kplay.modules import kubernetes, manifests, objects, refusals
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def definitions(probe: "Probe", args: Args) -> List[objects.Object]:
    """Give the objects that are meant, each with kind, apiVersion, name and namespace.

    Raises:
        ModuleFailure: one of them has no kind or no name, or ``src`` cannot be read.
    """
    given = args.get("resource_definition")
    if args.get("src"):
        given = _from_file(probe, args)
    listed: List[Any] = given if isinstance(given, list) else [given or {}]
    found = []
    for one in listed:
        if not isinstance(one, dict):
            raise ModuleFailure("an object is a mapping, not %r" % (one,))
        items = one.get("items") if str(one.get("kind", "")).endswith("List") else None
        parts = items if isinstance(items, list) else [one]
        found += [_whole(args, part) for part in parts]
    return found


def _from_file(probe: "Probe", args: Args) -> List[objects.Object]:
    if probe.stat(args["src"]) is None:
        raise ModuleFailure("no file %s on the host" % args["src"])
    return manifests.parse(probe, args, probe.read(args["src"]).decode("utf-8", "replace"))


def _whole(args: Args, given: objects.Object) -> objects.Object:
    one = dict(given)
    one.setdefault("apiVersion", args.get("api_version") or "v1")
    one.setdefault("kind", args.get("kind"))
    meta = dict(one.get("metadata") or {})
    for name in ("name", "namespace"):
        if args.get(name) and not meta.get(name):
            meta[name] = args[name]
    if args.get("generate_name") and not meta.get("name"):
        meta.setdefault("generateName", args["generate_name"])
    one["metadata"] = meta
    if not one["kind"]:
        raise ModuleFailure("an object has no kind: give `kind`, or a definition that has one")
    if not (meta.get("name") or meta.get("generateName")):
        raise ModuleFailure("the %s has no name" % one["kind"])
    return one


def observe(probe: "Probe", args: Args) -> State:
    """Ask for the objects, and for what the change would make of them."""
    if kubernetes.foreseen(probe, objects.flags(args)):
        # A manifest of the host is read by kubectl, which may be as far away as the cluster
        known = [] if args.get("src") else definitions(probe, args)
        meant = [one for one in known if _meant(args, one)]
        shown = objects.text(list(meant))
        return {
            "state": ABSENT,
            "content": "",
            "planned": shown,
            "objects": [],
            "wanted": meant,
            "notes": kubernetes.unasked(probe, args),
        }
    wanted = [one for one in definitions(probe, args) if _meant(args, one)]
    objects.foreseen(probe, wanted)
    there = [objects.get(probe, args, one) for one in wanted]
    state = "present" if any(one is not None for one in there) else ABSENT
    after: List[Optional[objects.Object]] = []
    if args["state"] != "absent":
        pairs = zip(wanted, there)
        after = [_after(probe, args, one, found) for one, found in pairs]
    new = [one for one, found in zip(wanted, there) if found is None]
    notes: List[str] = []
    if probe.scratch() and args["state"] == "present":
        words = objects.creation(args)
        notes = refusals.rehearse(probe, args, words, refusals.Meant(new)).notes
    before = [objects.essence(one) for one in there]
    return {
        "state": state,
        "content": objects.text(before),
        "planned": objects.text(after),
        "objects": there,
        "wanted": wanted,
        "notes": notes,
    }


def _after(
    probe: "Probe", args: Args, one: objects.Object, there: Optional[objects.Object]
) -> Optional[objects.Object]:
    if there is None:
        # As it is written: what the API server adds to it would hide that
        return None if args["state"] == "patched" else one
    return objects.essence(objects.rehearse(probe, args, one, there))


def _meant(args: Args, one: objects.Object) -> bool:
    """Whether an object has the labels that ``label_selectors`` asks for."""
    labels = one["metadata"].get("labels") or {}
    for selector in args.get("label_selectors") or []:
        for term in selector.split(","):
            name, sign, value = term.partition("=")
            unequal = name.endswith("!")
            name, value = name.rstrip("! "), value.lstrip("=").strip()
            if not sign:
                if name.strip() not in labels:
                    return False
            elif (labels.get(name.strip()) == value) == unequal:
                return False
    return True


def desire(args: Args, found: State) -> State:
    """Want the objects so, or gone."""
    if args["state"] == "absent":
        return {"state": ABSENT}
    nothing = not found["wanted"] and not args.get("src")
    if nothing or (args["state"] == "patched" and found["state"] == ABSENT):
        return {}
    wanted: State = {"content": found["planned"]}
    if found["state"] == ABSENT:
        wanted["state"] = "present"
    return wanted


def result(args: Args, found: State, wanted: State, changed: bool) -> State:
    """Give the objects as they are when nothing changes, and which could not be asked about."""
    if changed:
        return {"warnings": found["notes"]} if found["notes"] else {}
    there = [one for one in found["objects"] if one is not None]
    method = "delete" if wanted.get("state") == ABSENT else objects.method(args, there=True)
    return _shape([{"result": one, "method": method, "changed": False} for one in there], method)


def _shape(rows: List[Dict[str, Any]], method: str) -> State:
    """Give one object as the result itself, several as a list of results."""
    if len(rows) > 1:
        return {"result": {"results": rows}}
    return {"result": rows[0]["result"] if rows else {}, "method": method}


def apply(host: "Host", args: Args, found: State, _wanted: State) -> State:
    """Create, change or delete one object after the other."""
    wanted = found["wanted"]
    if args["state"] == "absent":
        return _delete(host, args, wanted)
    rows: List[Dict[str, Any]] = []
    for one in wanted:
        there = objects.get(host, args, one)
        if there is None and args["state"] == "patched":
            continue
        now = objects.carry_out(host, args, one, there)
        changed = there is None or objects.essence(there) != objects.essence(now)
        method = objects.method(args, there=there is not None)
        rows.append({"result": now, "method": method, "changed": changed})
    for row in rows:
        if args["wait"]:
            objects.await_condition(host, args, row["result"])
    return _shape(rows, rows[0]["method"] if rows else "update")


def _delete(host: "Host", args: Args, wanted: List[objects.Object]) -> State:
    options: Dict[str, Any] = args.get("delete_options") or {}
    words = ["--ignore-not-found", "--wait=%s" % ("true" if args["wait"] else "false")]
    if args["wait"]:
        words.append("--timeout=%ds" % args["wait_timeout"])
    if options.get("gracePeriodSeconds") is not None:
        words.append("--grace-period=%d" % int(options["gracePeriodSeconds"]))
    if options.get("propagationPolicy"):
        words.append("--cascade=" + options["propagationPolicy"].lower())
    # The last one made may need those before it
    for one in reversed(wanted):
        name = [objects.target(one["kind"], one.get("apiVersion")), one["metadata"]["name"]]
        done = host.run(
            kubernetes.kubectl(objects.flags(args), ["delete", *name, *objects.scope(one), *words])
        )
        if done.rc != 0 and not objects.kindless(done):
            raise objects.failure("delete", done)
    return {"result": {}, "method": "delete"}


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:  # noqa: ARG001
    """Say which objects will not be as they are."""
    return objects.effects(found["wanted"])


module = Module(
    "k8s",
    args=dict(
        objects.CONNECTION,
        **objects.WAITING,
        state=Arg(default="present", choices=("present", "absent", "patched")),
        resource_definition=Arg("raw", aliases=("definition", "inline")),
        src=Arg("path"),
        # Rendered on the controller, which hands over what it gives as a definition
        template=Arg("raw"),
        kind=Arg(),
        api_version=Arg(default="v1", aliases=("api", "version")),
        name=Arg(),
        namespace=Arg(),
        generate_name=Arg(),
        apply=Arg("bool", default=False),
        server_side_apply=Arg("dict"),
        force=Arg("bool", default=False),
        merge_type=Arg("list", elements="str", choices=("merge", "strategic-merge")),
        label_selectors=Arg("list", elements="str"),
        delete_options=Arg("dict"),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    result=result,
    foresee=foresee,
    writes_files=False,
    fields=("content", "state"),
    exclusive_args=(("resource_definition", "src"), ("apply", "merge_type")),
    also_known_as=("kubernetes.core.k8s", "community.kubernetes.k8s"),
)
