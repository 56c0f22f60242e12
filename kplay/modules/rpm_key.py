"""rpm_key: a key by which rpm trusts packages."""

import re
from typing import TYPE_CHECKING, List

from kplay.modules import get_url, openpgp
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

_ID = re.compile(r"^(0x)?([0-9a-fA-F]{8}|[0-9a-fA-F]{16}|[0-9a-fA-F]{40})$")


def observe(probe: "Probe", args: Args) -> State:
    """Read the key, and ask rpm whether it has it."""
    if not probe.which("rpm"):
        raise lacking(probe, "program rpm", "rpm is not installed on this host")
    key = args["key"]
    found: State = {"data": b""}
    if _ID.match(key):
        if args["state"] == "present":
            raise ModuleFailure("When importing a key, a valid file must be given")
        ids = [openpgp.clean(key)]
    else:
        found["data"] = _source(probe, args)
        given = openpgp.keys(found["data"])
        if not given:
            message = f"Not a valid key {key}"
            raise ModuleFailure(message)
        _trust(args, given)
        ids = [one.fingerprint for one in given]
    found["ids"] = ids
    there = [_there(probe, one) for one in ids]
    enough = any(there) if args["state"] == "absent" else all(there)
    found["state"] = "present" if enough else ABSENT
    return found


def _source(probe: "Probe", args: Args) -> bytes:
    if "://" in args["key"]:
        fetching = dict(get_url.PLAIN, validate_certs=args["validate_certs"])
        return get_url.fetch(probe, fetching, args["key"])[0]
    if probe.stat(args["key"]) is None:
        message = f"Not a valid key {args['key']}"
        raise lacking(probe, f"file {args['key']}", message)
    return probe.read(args["key"])


def _trust(args: Args, given: List[openpgp.Key]) -> None:
    if not args["fingerprint"]:
        return
    asked = {openpgp.clean(one) for one in args["fingerprint"]}
    own = {name for key in given for name in (key.fingerprint, *key.subkeys)}
    if not own & asked:
        message = "The specified fingerprint, '{}', does not match any key fingerprints in '{}'"
        raise ModuleFailure(message.format(", ".join(sorted(asked)), ", ".join(sorted(own))))


def _version(name: str) -> str:
    """The version of rpm's entry for a key: the last eight digits of its key id."""
    short = openpgp.key_id(name) if len(name) > 16 else name
    return short[-8:].lower()


def _there(probe: "Probe", name: str) -> bool:
    planned = probe.effect("rpm_key", _version(name))
    if isinstance(planned, dict):
        return bool(planned["state"] == "present")
    done = probe.query(["rpm", "-q", "gpg-pubkey", "--queryformat", "%{VERSION}\n"])
    # from rpm 6 on the version is the whole fingerprint
    return any(line.strip().endswith(_version(name)) for line in done.stdout.splitlines())


def desire(args: Args, _found: State) -> State:
    """Want the key, or not."""
    return {"state": ABSENT if args["state"] == "absent" else "present"}


def apply(host: "Host", args: Args, found: State, _wanted: State) -> State:
    """Import or erase it."""
    if args["state"] == "present":
        path = f"{host.tempdir()}/key"
        host.write(path, openpgp.armored(openpgp.dearmored(found["data"])), 0o600)
        _run(host, ["rpm", "--import", path])
        return {}
    for name in found["ids"]:
        if _there(host, name):
            _run(host, ["rpm", "--erase", "--allmatches", f"gpg-pubkey-{_version(name)}"])
    return {}


def _run(host: "Host", argv: List[str]) -> None:
    done = host.run(argv)
    if done.rc != 0:
        raise ModuleFailure(done.stderr.strip() or "rpm failed", rc=done.rc, cmd=argv)


def foresee(_args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps of this module which keys there are."""
    value = {"state": wanted["state"]}
    return [Effect("rpm_key", _version(name), value) for name in found["ids"]]


module = Module(
    "rpm_key",
    args={
        "key": Arg(required=True),
        "state": Arg(default="present", choices=("absent", "present")),
        "fingerprint": Arg("list", elements="str"),
        "validate_certs": Arg("bool", default=True),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    exclusive=("rpm",),
    complete=True,
    foresee=foresee,
    verify=("state",),
    untested=True,
)
