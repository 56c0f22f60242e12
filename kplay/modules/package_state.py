"""What modules of package managers have in common: the state asked for, and what is wanted of it.

They keep in the fields found ``fits``, whether each name is as asked for, and ``packages``, the
version of each name or "absent".
"""

from typing import Any, List, Mapping, Sequence

from kplay.modules.api import ABSENT, Args, Effect, State


def state_of(args: Args) -> str:
    """The state asked for: present, absent or latest."""
    given = str(args.get("state") or "present")
    return {"installed": "present", "removed": "absent"}.get(given, given)


def lacking(found: State) -> List[str]:
    """The names that are not as asked for."""
    return [name for name, good in found.get("fits", {}).items() if not good]


def desire(state: str, found: State) -> State:
    """Want every name to be as asked, and what was to be fetched or upgraded done."""
    wanted: State = {}
    if "cache" in found:
        wanted["cache"] = "fetched"
    if "upgradable" in found:
        wanted["upgradable"] = []
    if "fits" not in found:
        return wanted
    wanted["fits"] = dict.fromkeys(found["fits"], True)
    todo = lacking(found)
    if todo:
        change = {"absent": ABSENT, "latest": "latest"}.get(state, "present")
        wanted["packages"] = dict(found["packages"], **dict.fromkeys(todo, change))
        wanted["state"] = ABSENT if state == "absent" else "present"
    return wanted


def moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> List[str]:
    """The names whose versions differ between two lists of what is installed, sorted."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def effects(state: str, names: Sequence[str]) -> List[Effect]:
    """Tell later steps which packages are there, and which are not."""
    value: State = {"state": "present", "version": None}
    if state == "absent":
        value = {"state": "absent"}
    return [Effect("package", name, value) for name in names]


def last_line(stderr: str, stdout: str) -> str:
    """What a package manager said last, of its errors when it wrote any."""
    said = (stderr.strip() or stdout.strip()).splitlines()
    return said[-1] if said else "no word"
