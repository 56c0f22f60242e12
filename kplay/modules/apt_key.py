"""apt_key: a key that apt trusts, in a keyring of its own or in apt's.

Keyrings are read and written here, so that neither apt-key nor gpg need be on the host.
"""

from typing import TYPE_CHECKING, Dict, List, Optional

from kplay.modules import get_url, openpgp, textfile
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

RING, RINGS = "/etc/apt/trusted.gpg", "/etc/apt/trusted.gpg.d"


def observe(probe: "Probe", args: Args) -> State:
    """Read the keyrings, and the key where it is not known to be in one."""
    if not any(args[name] for name in ("id", "data", "file", "url", "keyserver")):
        raise ModuleFailure("one of the following is required: data, file, id, keyserver, url")
    rings = _rings(probe, args)
    there = [key for keys in rings.values() for key in keys]
    found: State = {"rings": rings, "new": [], "before": [key.key_id() for key in there]}
    asked = openpgp.clean(args["id"] or "")
    if args["state"] == "absent":
        if not asked:
            raise ModuleFailure("id is required when state is absent")
        hits = [key for key in there if key.named(asked)]
        found["keys"] = sorted(key.fingerprint for key in hits)
        found["state"] = "present" if hits else ABSENT
        return found
    if asked and any(key.named(asked) for key in there):
        found.update(state="present", keys="trusted", asked=asked)
        return found
    given = openpgp.keys(_source(probe, args, asked))
    if not given:
        raise ModuleFailure("the data holds no OpenPGP public key", id=args["id"])
    if asked and not any(key.named(asked) for key in given):
        raise ModuleFailure("key does not seem to have been added", id=args["id"])
    known = {key.fingerprint for key in there}
    found["new"] = [key for key in given if key.fingerprint not in known]
    found["asked"] = asked or given[0].fingerprint
    found["state"] = ABSENT if found["new"] else "present"
    found["keys"] = "not trusted" if found["new"] else "trusted"
    return found


def _rings(probe: "Probe", args: Args) -> Dict[str, List[openpgp.Key]]:
    paths = [RING]
    if args["keyring"]:
        paths = [args["keyring"]]
    else:
        paths += [*probe.glob(RINGS + "/*.gpg"), *probe.glob(RINGS + "/*.asc")]
    rings = {}
    for path in paths:
        data = probe.read(path) if probe.stat(path) is not None else b""
        rings[path] = openpgp.keys(data)
        if data.strip() and not rings[path]:
            message = f"{path} is not a keyring of OpenPGP packets"
            raise ModuleFailure(message)
    return rings


def _source(probe: "Probe", args: Args, asked: str) -> bytes:
    if args["data"]:
        return str(args["data"]).encode("utf-8", "surrogateescape")
    if args["file"]:
        if probe.stat(args["file"]) is None:
            message = f"{args['file']} does not exist"
            raise lacking(probe, f"file {args['file']}", message)
        return probe.read(args["file"])
    url = args["url"]
    if args["keyserver"]:
        url = _lookup(args["keyserver"], asked)
    if not url:
        raise ModuleFailure("No key to add found: give data, file, url or keyserver")
    fetching = dict(get_url.PLAIN, validate_certs=args["validate_certs"])
    return get_url.fetch(probe, fetching, url)[0]


def _lookup(server: str, asked: str) -> str:
    """The address of a key on a server that speaks HKP, which is HTTP on port 11371."""
    if not asked:
        raise ModuleFailure("keyserver wants the id of the key")
    scheme, mark, rest = server.partition("://")
    if not mark:
        scheme, rest = "https", server
    if scheme in ("hkp", "hkps"):
        port = ":11371" if scheme == "hkp" and ":" not in rest else ""
        scheme, rest = ("http" if scheme == "hkp" else "https"), rest.rstrip("/") + port
    return f"{scheme}://{rest.rstrip('/')}/pks/lookup?op=get&options=mr&search=0x{asked}"


def desire(args: Args, _found: State) -> State:
    """Want the key trusted, or in no keyring."""
    if args["state"] == "absent":
        return {"state": ABSENT, "keys": []}
    return {"state": "present", "keys": "trusted"}


def contents(args: Args, found: State) -> Dict[str, bytes]:
    """The keyrings that are written, with all their keys."""
    made = {}
    if args["state"] == "present":
        path = args["keyring"] or RING
        whole = found["rings"].get(path, []) + found["new"]
        made[path] = _written(path, whole)
        return made
    for path, keys in found["rings"].items():
        kept = [key for key in keys if not key.named(args["id"])]
        if kept != keys:
            made[path] = _written(path, kept)
    return made


def _written(path: str, keys: List[openpgp.Key]) -> bytes:
    data = b"".join(key.data for key in keys)
    return openpgp.armored(data) if path.endswith(".asc") and data else data


def apply(host: "Host", args: Args, found: State, _wanted: State) -> State:
    """Write the keyrings; one that is left empty goes."""
    for path, data in contents(args, found).items():
        if data:
            host.write(path, data, None if host.stat(path) else 0o644)
        else:
            host.remove(path)
    return {}


def result(args: Args, found: State, _wanted: State, changed: bool) -> State:
    """Name the key, and those that are trusted before and after."""
    key = _named(args, found)
    name = key.fingerprint if key else found.get("asked") or openpgp.clean(args["id"] or "")
    fields: State = {
        "before": found["before"],
        "fp": name,
        "id": args["id"] or name,
        "key_id": name,
        "short_id": openpgp.key_id(name)[-8:] if len(name) > 16 else name[-8:],
    }
    if changed:
        gone = [one for keys in found["rings"].values() for one in keys if one.named(name)]
        after = [*found["before"], *(one.key_id() for one in found["new"])]
        if args["state"] == "absent":
            after = [one for one in after if one not in {key.key_id() for key in gone}]
        fields["after"] = after
    return fields


def _named(args: Args, found: State) -> Optional[openpgp.Key]:
    asked = found.get("asked") or args["id"]
    every = [*found["new"], *(one for keys in found["rings"].values() for one in keys)]
    return next((one for one in every if one.named(asked)), None)


def foresee(args: Args, found: State, _wanted: State) -> List[Effect]:
    """Tell later steps the keyrings."""
    return [
        textfile.effect(path, data) if data else Effect("path", path, {"state": ABSENT})
        for path, data in contents(args, found).items()
    ]


module = Module(
    "apt_key",
    args={
        "id": Arg(),
        "data": Arg(),
        "file": Arg("path"),
        "keyring": Arg("path"),
        "keyserver": Arg(),
        "state": Arg(default="present", choices=("absent", "present")),
        "url": Arg(),
        "validate_certs": Arg("bool", default=True),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    exclusive=("dpkg",),
    result=result,
    complete=True,
    foresee=foresee,
    verify=("state",),
    fields=("state", "keys"),
    exclusive_args=(("data", "file", "keyserver", "url"),),
)
