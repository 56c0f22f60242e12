"""alternatives: which program stands behind a generic name, by update-alternatives."""

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional

from kplay.modules import textfile
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

DATABASES = ("/var/lib/dpkg/alternatives", "/var/lib/alternatives")
LINKS = "/etc/alternatives"


class Choice(NamedTuple):
    """One program that may stand behind the name."""

    path: str
    priority: int
    family: str
    slaves: Dict[str, str]
    """Name of a slave to the path that it leads to."""


class Group(NamedTuple):
    """What the database holds of a name."""

    manual: bool
    link: str
    slaves: Dict[str, str]
    """Name of a slave to its generic link."""
    choices: Dict[str, Choice]


def parse(text: str) -> Group:
    """Read a file of the database: status, link, slaves, an empty line, then the choices."""
    lines = text.splitlines()
    slaves, index = {}, 2  # type: Dict[str, str], int
    while index + 1 < len(lines) and lines[index]:
        slaves[lines[index]] = lines[index + 1]
        index += 2
    index += 1
    choices = {}  # type: Dict[str, Choice]
    while index + 1 < len(lines) and lines[index]:
        path, rank = lines[index], lines[index + 1]
        family = ""
        if rank.startswith("@"):
            # RHEL writes a family before the priority
            _, family, rank = rank.split("@", 2)
        behind = lines[index + 2 : index + 2 + len(slaves)]
        led = {name: to for name, to in zip(slaves, behind) if to}
        choices[path] = Choice(path, int(rank.split()[0]), family, led)
        index += 2 + len(slaves)
    return Group(lines[0].strip() == "manual", lines[1], slaves, choices)


def observe(probe: "Probe", args: Args) -> State:
    """Read the database and the link of the name."""
    program = next((p for p in ("update-alternatives", "alternatives") if probe.which(p)), "")
    if not program:
        raise lacking(probe, "program update-alternatives", "update-alternatives is not installed")
    group = None  # type: Optional[Group]
    for directory in DATABASES:
        path = "{}/{}".format(directory, args["name"])
        if group is None and probe.stat(path) is not None:
            group = parse(textfile.decode(probe.read(path)))
    current = probe.lstat("{}/{}".format(LINKS, args["name"]))
    planned = probe.effect("alternative", args["name"])
    found = {
        "program": program,
        "link": group.link if group else "",
        "mode": ("manual" if group.manual else "auto") if group else ABSENT,
        "selected": current.target if group and current else "",
        "choice": _shown(group, args),
    }  # type: State
    if isinstance(planned, dict):
        found.update(planned["fields"])
        if planned["path"] != args["path"]:
            found["choice"] = _shown(group, args)
    found["state"] = ABSENT if found["choice"] == ABSENT else "present"
    _check(probe, args, found)
    return found


def _shown(group: Optional[Group], args: Args) -> Any:
    choice = group.choices.get(args["path"]) if group else None
    if choice is None or group is None:
        return ABSENT
    shown = {"link": group.link, "priority": choice.priority}  # type: Dict[str, Any]
    if args["family"] is not None:
        shown["family"] = choice.family
    if args["subcommands"] is not None:
        shown["slaves"] = {name: [group.slaves[name], to] for name, to in choice.slaves.items()}
    return shown


def _check(probe: "Probe", args: Args, found: State) -> None:
    if args["state"] == "auto" and args["path"] is None:
        return
    if args["path"] is None:
        message = f"state is {args['state']} but all of the following are missing: path"
        raise ModuleFailure(message)
    if args["state"] in ("present", "selected", "auto"):
        if probe.stat(args["path"]) is None:
            message = f"Specified path {args['path']} does not exist"
            raise lacking(probe, f"file {args['path']}", message)
        if not (args["link"] or found["link"]):
            raise ModuleFailure("Needed to install the alternative, but unable to do so as we are "
                                "missing the link")  # fmt: skip


def _asked(args: Args, found: State) -> Any:
    """The choice as it should be in the database."""
    there = found["choice"] if isinstance(found["choice"], dict) else {}
    asked = {"link": args["link"] or found["link"]}
    priority = args["priority"] if args["priority"] is not None else there.get("priority", 50)
    asked["priority"] = priority
    if args["family"] is not None:
        asked["family"] = args["family"]
    if args["subcommands"] is not None:
        asked["slaves"] = {
            str(one["name"]): [str(one["link"]), str(one["path"])] for one in args["subcommands"]
        }
    return asked


def desire(args: Args, found: State) -> State:
    """Want the choice in the database, and selected as asked."""
    state = args["state"]
    if state == "absent":
        return {"state": ABSENT, "choice": ABSENT}
    wanted = {}  # type: State
    if args["path"] is not None:
        wanted = {"state": "present", "choice": _asked(args, found)}
    if state == "selected":
        wanted["selected"] = args["path"]
    if state == "auto":
        wanted["mode"] = "auto"
    return wanted


def commands(args: Args, found: State, wanted: State) -> List[List[str]]:
    """The calls that bring it about."""
    program, name, path = found["program"], args["name"], args["path"]
    if wanted.get("state") == ABSENT:
        return [[program, "--remove", name, path]]
    calls = []
    choice: Any = wanted.get("choice", found["choice"])
    if choice != found["choice"]:
        install = [program, "--install", choice["link"], name, path, str(choice["priority"])]
        if args["family"]:
            install += ["--family", args["family"]]
        for slave, (link, to) in choice.get("slaves", {}).items():
            install += ["--slave", link, slave, to]
        calls.append(install)
    if wanted.get("selected", found["selected"]) != found["selected"]:
        calls.append([program, "--set", name, path])
    if wanted.get("mode", found["mode"]) != found["mode"]:
        calls.append([program, "--auto", name])
    return calls


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Call update-alternatives; a new choice of a higher priority may select itself."""
    said = []
    for argv in commands(args, found, wanted):
        done = host.run(argv)
        said.append(done.stdout)
        if done.rc != 0:
            raise ModuleFailure((done.stderr or done.stdout).strip(), rc=done.rc, cmd=argv)
    return {"msg": "".join(said)}


def result(args: Args, _found: State, _wanted: State, _changed: bool) -> State:
    """Name what was asked."""
    return {"name": args["name"], "path": args["path"], "state": args["state"]}


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps which program stands behind the name."""
    name = args["name"]
    fields = {key: wanted.get(key, found[key]) for key in ("choice", "selected", "mode")}  # type: State
    effects = []
    if "selected" in wanted and wanted["selected"] != found["selected"]:
        fields["mode"] = "manual"
        link = {"state": "link", "target": wanted["selected"]}
        effects.append(Effect("path", f"{LINKS}/{name}", link))
        generic = wanted["choice"]["link"]
        made = {"state": "link", "target": f"{LINKS}/{name}"}
        effects.append(Effect("path", generic, made))
    elif fields["mode"] == ABSENT:
        fields["mode"], fields["selected"] = "auto", args["path"]
    if isinstance(fields["choice"], dict):
        fields["link"] = fields["choice"]["link"]
    effects.append(Effect("alternative", name, {"path": args["path"], "fields": fields}))
    return effects


module = Module(
    "alternatives",
    args={
        "name": Arg(required=True),
        "path": Arg("path"),
        "link": Arg("path"),
        "priority": Arg("int"),
        "state": Arg(default="selected", choices=("present", "selected", "auto", "absent")),
        "subcommands": Arg("list", elements="dict", aliases=("slaves",)),
        "family": Arg(),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    exclusive=("dpkg",),
    result=result,
    foresee=foresee,
    verify=("state", "choice", "selected", "mode"),
    fields=("state", "choice", "selected", "mode"),
)
