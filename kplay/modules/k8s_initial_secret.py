"""k8s_initial_secret: a Secret whose values are drawn or given once, and kept from then on.

Neither a value that is drawn nor one that is found is a result, shown or logged: it is in the
cluster, for those who may read Secrets there.
"""

import base64
import secrets
import string
from typing import TYPE_CHECKING, Any, Dict, List

from kplay.modules import kubernetes, objects, refusals
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

_ALPHABET = string.ascii_letters + string.digits


def manifest(args: Args) -> objects.Object:
    """Give the Secret without its values."""
    meta: Dict[str, Any] = {"name": args["name"], "namespace": args["namespace"]}
    meta.update({one: args[one] for one in ("labels", "annotations") if args.get(one)})
    return {"apiVersion": "v1", "kind": "Secret", "type": args["type"], "metadata": meta}


def observe(probe: "Probe", args: Args) -> State:
    """Ask which of the keys are there, and forget their values."""
    absent: State = {"state": ABSENT, "keys": {}, "notes": []}
    if kubernetes.foreseen(probe, objects.flags(args)):
        return dict(absent, notes=kubernetes.unasked(probe, args))
    one = manifest(args)
    objects.foreseen(probe, [one])
    there = objects.get(probe, args, one)
    if there is None:
        if probe.scratch() and args["state"] == "present":
            # Of a type of its own the API server would look at the values, which are still to come
            one = dict(one, type="Opaque", data=dict.fromkeys(_keys(args), ""))
            words = objects.creation(args)
            absent["notes"] = refusals.rehearse(probe, args, words, refusals.Meant([one])).notes
        return absent
    data = there.get("data") or {}
    kept = {key: "kept" for key in _keys(args) if data.get(key)}
    return {"state": "present", "keys": kept, "notes": []}


def _keys(args: Args) -> List[str]:
    return sorted({*args["initial"], *args["generate"]})


def desire(args: Args, found: State) -> State:
    """Want every key there: what is there is kept, a value that is given is taken, else drawn."""
    if not _keys(args):
        raise ModuleFailure("initial or generate names at least one key of the Secret")
    if args["state"] == "absent":
        return {"state": ABSENT}
    told = {key: "given" if args["initial"].get(key) else "drawn" for key in _keys(args)}
    undrawable = [key for key in told if told[key] == "drawn" and key not in args["generate"]]
    if undrawable and any(key not in found["keys"] for key in undrawable):
        message = "%s is empty in `initial`, and `generate` does not say how long it is to be"
        raise ModuleFailure(message % ", ".join(undrawable))
    wanted: State = {"keys": dict(told, **found["keys"])}
    if found["state"] == ABSENT:
        wanted["state"] = "present"
    return wanted


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Create the Secret, or add the keys that it lacks."""
    one = manifest(args)
    meta = one["metadata"]
    if wanted.get("state") == ABSENT:
        name = [objects.target("Secret", "v1"), meta["name"]]
        objects.run(host, args, ["delete", *name, "-n", meta["namespace"], "--ignore-not-found"])
        return {"keys": []}
    lacking = [key for key in wanted["keys"] if key not in found["keys"]]
    one["data"] = {key: _encoded(args, key) for key in lacking}
    there = objects.get(host, args, one)
    if there is None:
        objects.carry_out(host, dict(args, apply=False), one, None)
    else:
        # As a whole through the standard input: a patch would be an argument, which all can read
        kept = dict(there, data=dict(one["data"], **(there.get("data") or {})))
        objects.carry_out(host, dict(args, force=True), kept, there)
    return {"keys": sorted(wanted["keys"])}


def _encoded(args: Args, key: str) -> str:
    value = str(args["initial"].get(key) or "") or drawn(int(args["generate"][key]))
    return base64.b64encode(value.encode()).decode()


def drawn(length: int) -> str:
    """Draw letters and digits from the system's source of randomness."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def result(_args: Args, found: State, wanted: State, changed: bool) -> State:
    """Give the names of the keys."""
    fields: State = {"keys": sorted(wanted.get("keys") or {})}
    return dict(fields, warnings=found["notes"]) if changed and found["notes"] else fields


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:  # noqa: ARG001
    """Say that the Secret will be another one."""
    return objects.effects([manifest(args)])


module = Module(
    "k8s_initial_secret",
    args=dict(
        objects.CONNECTION,
        name=Arg(required=True),
        namespace=Arg(required=True),
        type=Arg(default="Opaque"),
        state=Arg(default="present", choices=("present", "absent")),
        # Values by key; an empty one is drawn, where `generate` has the key
        initial=Arg("dict", default={}, secret=True),
        # Lengths by key
        generate=Arg("dict", default={}),
        labels=Arg("dict"),
        annotations=Arg("dict"),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    result=result,
    foresee=foresee,
    writes_files=False,
    fields=("keys", "state"),
)
