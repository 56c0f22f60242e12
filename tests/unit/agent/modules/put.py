"""A file with this content: a state module."""

import hashlib

from kplay.modules.api import Arg, Effect, Module


def observe(probe, args):
    found = probe.stat(args["path"])
    if found is None:
        return {"state": "absent"}
    return {"state": "file", "digest": probe.digest(args["path"])}


def desire(args, found):
    value = args["content"]
    digest = (
        value["$blob"] if isinstance(value, dict) else hashlib.sha256(value.encode()).hexdigest()
    )
    return {"state": "file", "digest": digest}


def apply(host, args, found, wanted):
    host.write(args["path"], args["content"])
    return {"path": args["path"]}


def foresee(args, found, wanted):
    value = {"state": "file", "digest": wanted["digest"]}
    if isinstance(args["content"], str):
        value["content"] = args["content"]
    return [Effect("path", args["path"], value)]


module = Module(
    "put",
    {"path": Arg("path"), "content": Arg("content")},
    observe,
    desire,
    apply,
    foresee=foresee,
    verify=("digest",),
)
