"""debconf: the answer to a question that a Debian package asks."""

from typing import TYPE_CHECKING, Any, Dict, List

from kplay.modules import textfile
from kplay.modules.api import Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

DATABASE = "/var/cache/debconf"
"""config.dat and passwords.dat hold a stanza for each question that was asked or answered."""


def stanzas(probe: "Probe", name: str) -> Dict[str, Dict[str, str]]:
    """The questions that a package owns, by name, with the fields of their stanzas."""
    found: Dict[str, Dict[str, str]] = {}
    for base in ("config.dat", "passwords.dat"):
        path = f"{DATABASE}/{base}"
        if probe.stat(path) is None:
            continue
        for stanza in textfile.decode(probe.read(path)).split("\n\n"):
            lines = [line.split(": ", 1) for line in stanza.splitlines() if ": " in line]
            fields = {line[0]: line[1] for line in lines}
            owners = [one.strip() for one in fields.get("Owners", "").split(",")]
            if name in owners and "Name" in fields:
                found[fields["Name"]] = fields
    return found


def observe(probe: "Probe", args: Args) -> State:
    """Read debconf's database."""
    given = [name for name in ("question", "value", "vtype") if args[name] is not None]
    if "value" in given and "vtype" not in given and "question" not in given:
        raise ModuleFailure("value is given but all of the following are missing: question, vtype")
    if given and (args["question"] is None or args["vtype"] is None or args["value"] is None):
        raise ModuleFailure("when supplying a question you must supply a valid vtype and value")
    if not probe.which("debconf-set-selections"):
        message = "debconf-set-selections is not installed on this host"
        raise lacking(probe, "program debconf-set-selections", message)
    questions = stanzas(probe, args["name"])
    found: State = {"previous": {name: one.get("Value", "") for name, one in questions.items()}}
    if args["vtype"] == "seen" and args["question"] in questions:
        flags = questions[args["question"]].get("Flags", "")
        found["previous"][args["question"]] = "true" if "seen" in flags else "false"
    for question in list(found["previous"]) + ([args["question"]] if args["question"] else []):
        planned = probe.effect("debconf", f"{args['name']} {question}")
        if isinstance(planned, dict):
            found["previous"][question] = planned["value"]
    if args["question"]:
        found["value"] = _same(args, found["previous"].get(args["question"]))
    return found


def text(args: Args) -> str:
    """The answer as debconf writes it."""
    value: Any = args["value"]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    if args["vtype"] in ("boolean", "seen"):
        return str(value).lower()
    return str(value)


def _same(args: Args, there: Any) -> Any:
    """What is there, in the words of the arguments where it means the same."""
    if there is None:
        return None
    if args["vtype"] == "multiselect" and _parts(there) == _parts(text(args)):
        return text(args)
    return there


def _parts(value: str) -> List[str]:
    return sorted(part.strip() for part in value.split(",") if part.strip())


def desire(args: Args, _found: State) -> State:
    """Want the answer."""
    return {"value": text(args)} if args["question"] else {}


def apply(host: "Host", args: Args, _found: State, wanted: State) -> State:
    """Hand it to debconf-set-selections."""
    unseen = ["-u"] if args["unseen"] else []
    line = " ".join([args["name"], args["question"], args["vtype"], wanted["value"]])
    done = host.run(["debconf-set-selections", *unseen], stdin=line + "\n")
    if done.rc != 0:
        raise ModuleFailure(done.stderr.strip() or "debconf-set-selections failed", rc=done.rc)
    return {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:
    """Give the answers that there are and were."""
    if not args["question"]:
        return {"msg": "", "current": found["previous"]}
    hidden = args["vtype"] == "password"
    question = args["question"]
    value = "********" if hidden else wanted["value"]
    before = found["previous"].get(question)
    previous = "********" if hidden and before else before
    if not changed:
        return {"msg": "", "current": {question: value}, "previous": {question: value}}
    return {"msg": "", "current": {question: value}, "previous": {question: previous}}


def foresee(args: Args, _found: State, wanted: State) -> List[Effect]:
    """Tell later steps of this module the answer."""
    key = f"{args['name']} {args['question']}"
    return [Effect("debconf", key, {"value": wanted["value"]})]


module = Module(
    "debconf",
    args={
        "name": Arg(required=True, aliases=("pkg",)),
        "question": Arg(aliases=("selection", "setting")),
        "value": Arg("raw", aliases=("answer",)),
        "vtype": Arg(
            choices=(
                "boolean", "error", "multiselect", "note", "password", "seen", "select",
                "string", "text", "title",
            )
        ),
        "unseen": Arg("bool", default=False),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    exclusive=("dpkg",),
    result=result,
    complete=True,
    foresee=foresee,
    verify=("value",),
)  # fmt: skip
