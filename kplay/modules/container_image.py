"""container_image: an image in containerd's store, by name and digest."""

from typing import TYPE_CHECKING, Dict, List

from kplay.agent.host import UnknownValue
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


STORE = "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db"
"""Where containerd keeps what it knows; there once it has run."""

OTHER = {"state": "present", "digest": ""}


def ctr(args: Args) -> List[str]:
    """Give the program with the store that it is to ask."""
    words = [args.get("ctr") or "ctr", "-n", args.get("namespace") or "k8s.io"]
    if args.get("socket"):
        words += ["-a", args["socket"]]
    return words


def images(listing: str) -> Dict[str, str]:
    """Read name and digest from `ctr images ls`: REF TYPE DIGEST SIZE PLATFORMS LABELS."""
    found = {}  # type: Dict[str, str]
    for line in listing.splitlines()[1:]:
        words = line.split()
        if len(words) > 2 and words[2].startswith("sha256:"):
            found[words[0]] = words[2]
    return found


def observe(probe: "Probe", args: Args) -> State:
    """Look for the image; a containerd that is only planned has none."""
    found = look(probe, args, args["name"])
    others = {name: look(probe, args, name) for name in args.get("also") or ()}
    missing = sorted(name for name in others if others[name]["state"] == ABSENT)
    if others:
        found["missing"] = missing
    return found


def look(probe: "Probe", args: Args, name: str) -> State:
    """Look for one image by its name."""
    foreseen = probe.effect("image", name)
    if isinstance(foreseen, dict):
        return dict(foreseen)
    done = probe.query([*ctr(args), "images", "ls", "name==" + name])
    if done.rc != 0 and not probe.scratch():
        raise ModuleFailure(
            "containerd does not answer: %s" % done.stderr.strip(), rc=done.rc, stderr=done.stderr
        )
    if done.rc != 0 and probe.stat(STORE) is not None:
        raise UnknownValue("which images containerd holds, which does not answer now")
    digest = images(done.stdout).get(name, "") if done.rc == 0 else ""
    return {"state": "present" if digest else ABSENT, "digest": digest}


def desire(args: Args, found: State) -> State:
    """Want it there, with its digest when one is given."""
    if args.get("state") == "absent":
        return {"state": ABSENT}
    wanted: State = {"state": "present"}
    if args.get("also"):
        wanted["missing"] = []
    if args.get("digest"):
        wanted["digest"] = args["digest"]
    elif found["state"] != ABSENT:
        wanted["digest"] = found["digest"]
    return wanted


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Name the image."""
    return {"name": args["name"], "digest": wanted.get("digest", "")}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Import it, under its name."""
    name = args["name"]
    if wanted["state"] == ABSENT:
        return {"stdout": run(host, args, ["images", "rm", name])}
    src = args.get("src")
    if not src:
        raise ModuleFailure("container_image needs src to import %s from" % name)
    if host.stat(src) is None:
        raise ModuleFailure("no image file %s" % src)
    unpacked = ["--no-unpack"] if args.get("unpack") is False else []
    before = images(run(host, args, ["images", "ls"]))
    out = run(host, args, ["images", "import", *unpacked, src])
    after = images(run(host, args, ["images", "ls"]))
    if name not in after:
        wanted_digest = wanted.get("digest")
        made = [one for one in after if after[one] != before.get(one)]
        same = [one for one in after if wanted_digest and after[one] == wanted_digest]
        source = (same or made)[:1]
        if not source or (not same and len(made) > 1):
            held = ", ".join(sorted(made)) or "no image"
            raise ModuleFailure("%s does not hold %s, but %s" % (src, name, held))
        run(host, args, ["images", "tag", source[0], name])
        after[name] = after[source[0]]
    return {"stdout": out, "digest": after[name]}


def run(host: "Host", args: Args, words: List[str]) -> str:
    """Run ctr to its end; its failure is the step's."""
    done = host.run([*ctr(args), *words])
    if done.rc != 0:
        said = done.stderr.strip() or "status %d" % done.rc
        raise ModuleFailure(
            "ctr %s failed: %s" % (" ".join(words[:2]), said), rc=done.rc, stderr=done.stderr
        )
    return done.stdout


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:  # noqa: ARG001
    """Say that the image will be there."""
    value = {"state": wanted["state"], "digest": wanted.get("digest", "")}
    names = [args["name"], *(args.get("also") or ())]
    return [Effect("image", name, value if name == args["name"] else OTHER) for name in names]


module = Module(
    "container_image",
    args={
        "src": Arg("path"),
        "name": Arg("str", required=True, aliases=("reference",)),
        # other images of the same archive
        "also": Arg("list", elements="str"),
        "digest": Arg("str"),
        "namespace": Arg("str", default="k8s.io"),
        "state": Arg("str", default="present", choices=("present", "absent")),
        "unpack": Arg("bool", default=True),
        "ctr": Arg("path", default="ctr"),
        "socket": Arg("path"),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    result=result,
    foresee=foresee,
    verify=("state", "digest", "missing"),
)
