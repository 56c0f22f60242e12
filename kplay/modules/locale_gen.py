"""locale_gen: locales of a Debian host, in /etc/locale.gen and as locale-gen makes them."""

import re
from typing import TYPE_CHECKING, Dict, List, Optional

from kplay.modules import textfile
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

CHOSEN, SUPPORTED = "/etc/locale.gen", "/usr/share/i18n/SUPPORTED"
_LINE = re.compile(r"^\s*(#?)\s*([A-Za-z]\S*)\s+([A-Z0-9]\S+)\s*$")


def plain(name: str) -> str:
    """The name as `locale -a` writes it: en_US.UTF-8 is en_US.utf8 there."""
    base, dot, charset = name.partition(".")
    charset, at, modifier = charset.partition("@")
    return base + dot + re.sub(r"[^a-z0-9]", "", charset.lower()) + at + modifier


def observe(probe: "Probe", args: Args) -> State:
    """Ask which locales there are, and read which are to be made."""
    if probe.stat(CHOSEN) is None:
        message = f"{CHOSEN} is missing. Is the package 'locales' installed?"
        raise lacking(probe, f"file {CHOSEN}", message)
    text = textfile.decode(probe.read(CHOSEN))
    supported = textfile.decode(probe.read(SUPPORTED)) if probe.stat(SUPPORTED) else ""
    there = {plain(one) for one in probe.query(["locale", "-a"]).stdout.split()}
    found: State = {"text": text, "locales": {}, "entries": {}}
    for name in args["name"]:
        entry = _entry(text, name) or _entry(supported, name)
        planned = probe.effect("locale", name)
        if isinstance(planned, dict):
            found["locales"][name] = planned["state"]
        else:
            found["locales"][name] = "present" if plain(name) in there else ABSENT
        found["entries"][name] = entry
    unknown = [name for name, entry in found["entries"].items() if entry is None]
    if unknown and args["state"] == "present":
        message = "The following locales you have entered are not available on your system: "
        raise ModuleFailure(message + ", ".join(unknown))
    states = set(found["locales"].values())
    wrong = ABSENT if args["state"] == "present" else "present"
    found["state"] = wrong if wrong in states else args["state"]
    return found


def _entry(text: str, name: str) -> Optional[str]:
    """The line of a locale, without a comment sign, or None."""
    for line in text.splitlines():
        match = _LINE.match(line)
        if match and (match.group(2) == name or plain(match.group(2)) == plain(name)):
            return f"{match.group(2)} {match.group(3)}"
    return None


def desire(args: Args, found: State) -> State:
    """Want every locale, or none of them."""
    return {
        "state": args["state"],
        "locales": dict.fromkeys(found["locales"], args["state"]),
    }


def edit(args: Args, found: State) -> str:
    """The text of locale.gen as it should be."""
    wanted = [entry for entry in found["entries"].values() if entry]
    lines: List[str] = []
    done: Dict[str, bool] = {}
    for line in found["text"].splitlines():
        match = _LINE.match(line)
        entry = f"{match.group(2)} {match.group(3)}" if match else ""
        if entry in wanted:
            lines.append(entry if args["state"] == "present" else "# " + entry)
            done[entry] = True
        else:
            lines.append(line)
    if args["state"] == "present":
        lines += [entry for entry in wanted if entry not in done]
    return "".join(line + "\n" for line in lines)


def apply(host: "Host", args: Args, found: State, _wanted: State) -> State:
    """Write the file, and make the locales anew."""
    host.write(CHOSEN, textfile.encode(edit(args, found)))
    done = host.run(["locale-gen"], stream=True)
    if done.rc != 0:
        message = f"locale-gen: {(done.stderr or done.stdout).strip()}"
        raise ModuleFailure(message, rc=done.rc)
    return {}


def result(args: Args, _found: State, _wanted: State, _changed: bool) -> State:
    """Name the locales, and how they are made."""
    return {"name": args["name"], "mechanism": "glibc"}


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps the file and the locales."""
    effects = [textfile.effect(CHOSEN, edit(args, found))]
    return effects + [Effect("locale", name, {"state": wanted["state"]}) for name in args["name"]]


module = Module(
    "locale_gen",
    args={
        "name": Arg("list", required=True, elements="str"),
        "state": Arg(default="present", choices=("absent", "present")),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    exclusive=("dpkg",),
    result=result,
    complete=True,
    foresee=foresee,
    verify=("locales",),
    fields=("locales",),
    untested=True,
)
