"""Does what its argument says: an action module."""

# ruff: noqa: S604 - plain as a module of a user may be

from kplay.modules.api import Arg, Module, ModuleFailure


def observe(probe, args):
    if args.get("query"):
        return {"out": probe.query(args["query"])}
    if args.get("look"):
        return {"text": probe.read(args["look"]).decode()}
    return {}


def desire(args, found):
    return {"do": args.get("do") or "nothing"}


def apply(host, args, found, wanted):
    do = args["do"]
    if do == "fail":
        raise ModuleFailure("it failed", rc=3)
    if do == "crash":
        raise RuntimeError("a bug")
    if do == "shell":
        done = host.run([args["cmd"]], shell="/bin/sh", stream=True)
        return {"rc": done.rc, "stdout": done.stdout, "stderr": done.stderr}
    if do == "sleep":
        host.sleep(args["seconds"])
    if do == "lie":
        return {"done": True}
    if do == "big":
        return {"stdout": "x" * 17000000}
    return {}


ARGS = {
    "do": Arg(),
    "cmd": Arg(),
    "look": Arg("path"),
    "query": Arg("list"),
    "seconds": Arg("int"),
}


def overdue(probe, args):
    if args.get("cmd") == "crash":
        raise RuntimeError("a bug")
    return {"why": probe.query(["hostname"]).rc}


module = Module("act", ARGS, observe, desire, apply, kind="action", overdue=overdue)
