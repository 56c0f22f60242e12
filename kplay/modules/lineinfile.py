"""lineinfile: one line of a text, put in, replaced or taken out."""

import re
from typing import Any, Callable, List, Optional

from kplay.modules import textfile
from kplay.modules.api import Arg, Args, ModuleFailure, State
from kplay.modules.textfile import Edit


def edit(args: Args, text: str) -> Edit:
    """The text with the line as it should be."""
    lines = _split(text)
    if args["state"] == "absent":
        return _without(args, lines)
    return _with(args, lines)


def _split(text: str) -> List[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _finder(args: Args) -> "Callable[[str], Any]":
    if args["regexp"] is not None:
        return re.compile(args["regexp"]).search
    if args["search_string"] is not None:
        return lambda line: args["search_string"] in line
    return lambda line: line.rstrip("\r\n") == args["line"]


def _without(args: Args, lines: List[str]) -> Edit:
    fits = _finder(args)
    kept = [line for line in lines if not fits(line)]
    count = len(lines) - len(kept)
    message = f"{count} line(s) removed" if count else ""
    return Edit("".join(kept), message, {"found": count})


def _with(args: Args, lines: List[str]) -> Edit:
    found, match = _last(lines, _finder(args), args["firstmatch"])
    line = args["line"]
    if found is not None:
        if args["backrefs"]:
            line = match.expand(line)
        if lines[found].rstrip("\r\n") == line:
            return Edit("".join(lines))
        lines[found] = line if line.endswith("\n") else line + "\n"
        return Edit("".join(lines), "line replaced")
    if args["backrefs"]:
        return Edit("".join(lines))
    return _insert(args, lines, line)


def _insert(args: Args, lines: List[str], line: str) -> Edit:
    if any(one.rstrip("\r\n") == line for one in lines):
        return Edit("".join(lines))
    written = line + "\n"
    where = _place(args, lines)
    if where is None:
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        return Edit("".join([*lines, written]), "line added")
    if where > 0 and not lines[where - 1].endswith("\n"):
        lines[where - 1] += "\n"
    lines.insert(where, written)
    return Edit("".join(lines), "line added")


def _place(args: Args, lines: List[str]) -> Optional[int]:
    if "BOF" in (args["insertbefore"], args["insertafter"]):
        return 0
    anchor = args["insertbefore"] or args["insertafter"]
    if anchor in (None, "", "EOF"):
        return None
    index, _ = _last(lines, re.compile(anchor).search, args["firstmatch"])
    if index is None:
        return None
    return int(index) + (0 if args["insertbefore"] else 1)


def _last(lines: List[str], fits: "Callable[[str], Any]", first: bool) -> Any:
    found: Any = (None, None)
    for index, line in enumerate(lines):
        match = fits(line)
        if match:
            found = index, match
            if first:
                break
    return found


def check(args: Args) -> None:
    """Refuse arguments that cannot go together."""
    if args["state"] == "present":
        if args["backrefs"] and args["regexp"] is None:
            raise ModuleFailure("regexp is required with backrefs=true")
        if args["line"] is None:
            raise ModuleFailure("line is required with state=present")
    elif args["regexp"] is None and args["search_string"] is None and args["line"] is None:
        raise ModuleFailure("one of line, search_string, or regexp is required with state=absent")
    for name in ("regexp", "insertafter", "insertbefore"):
        try:
            re.compile(args[name] or "")
        except re.error as error:
            raise ModuleFailure(f"{name} is not a regular expression: {error}") from None


def absent(args: Args) -> Optional[State]:
    """Say what a missing file means: nothing to remove, or a failure."""
    return {"msg": "file not present"} if args["state"] == "absent" else None


module = textfile.editor(
    "lineinfile",
    args={
        "state": Arg(default="present", choices=("absent", "present")),
        "regexp": Arg(aliases=("regex",)),
        "search_string": Arg(),
        "line": Arg(aliases=("value",)),
        "backrefs": Arg("bool", default=False),
        "insertafter": Arg(),
        "insertbefore": Arg(),
        "create": Arg("bool", default=False),
        "firstmatch": Arg("bool", default=False),
    },
    edit=edit,
    check=check,
    absent=absent,
    exclusive_args=(
        ("insertbefore", "insertafter"),
        ("regexp", "search_string"),
        ("backrefs", "search_string"),
    ),
)
