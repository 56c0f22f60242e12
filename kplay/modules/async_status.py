"""async_status: what has become of a job that ``async`` with ``poll: 0`` started."""

import json
from typing import TYPE_CHECKING, Any, Dict

from kplay.agent.host import UnknownValue
from kplay.modules import schema
from kplay.modules.api import Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

JOB_CHANGED = "_job_changed"
"""The field that says whether the job changed its host; the controller's half reads it."""


def observe(probe: "Probe", args: Args) -> State:
    """Read what the job has written."""
    if schema.unknown(args["jid"]):
        raise UnknownValue("what becomes of a job that only the run starts")
    jid = str(args["jid"])
    path = "%s/%s" % (args["_directory"], jid)
    known: Dict[str, Any] = {"ansible_job_id": jid, "started": True, "finished": True}
    if "/" in jid or jid in ("", ".", "..") or probe.stat(path) is None:
        raise ModuleFailure("could not find job", **known)
    if args["mode"] == "cleanup":
        return {"path": path, "job": dict(known, started=False, finished=False, erased=path)}
    try:
        job = json.loads(probe.read(path).decode("utf-8"))
    except ValueError:
        raise ModuleFailure("could not parse job output", results_file=path, **known)  # noqa: B904
    job["results_file"] = path
    if job.pop("failed", False):
        msg = str(job.pop("msg", "the job failed"))
        raise ModuleFailure(msg, **job)
    return {"path": path, "job": job}


def desire(args: Args, found: State) -> State:
    """Nothing but what ``cleanup`` removes."""
    return {"erased": found["path"]} if args["mode"] == "cleanup" else {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give the job's own fields."""
    fields = dict(found["job"])
    return dict(fields, **{JOB_CHANGED: bool(fields.pop("changed", False))})


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Remove the job's file."""
    host.remove(found["path"])
    return {"changed": False}


module = Module(
    "async_status",
    args={
        "jid": Arg(required=True),
        "mode": Arg(default="status", choices=("status", "cleanup")),
        "_directory": Arg("path", default="~/.kplay_async"),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    kind="action",
    reach="cluster",
    result=result,
    also_known_as=("ansible.builtin.async_status",),
)
