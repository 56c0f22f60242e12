"""blockinfile: lines between two markers of a text, put in, replaced or taken out."""

import re
from typing import List, Optional, Tuple

from kplay.modules import textfile
from kplay.modules.api import Arg, Args, ModuleFailure, State
from kplay.modules.textfile import Edit


def edit(args: Args, text: str) -> Edit:
    """The text with the block as it should be."""
    begin, end = markers(args)
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    block = args["block"] if args["state"] == "present" else ""
    first, last = _find(lines, begin), _find(lines, end)
    had = first is not None and last is not None
    if had:
        low, high = sorted((first or 0, last or 0))
        lines[low : high + 1] = []
        where = low
    else:
        where = _place(args, lines)
    if block:
        written = [begin, *(block if block.endswith("\n") else block + "\n").splitlines(), end]
        _put(args, lines, where, [line + "\n" for line in written])
    new = "".join(lines)
    if new == text:
        return Edit(text)
    if not block:
        return Edit(new, "Block removed")
    return Edit(new, "Block inserted")


def markers(args: Args) -> Tuple[str, str]:
    """The line above the block and the line below it."""
    return (
        args["marker"].replace("{mark}", args["marker_begin"]),
        args["marker"].replace("{mark}", args["marker_end"]),
    )


def _put(args: Args, lines: List[str], where: int, written: List[str]) -> None:
    if where > 0 and not lines[where - 1].endswith("\n"):
        lines[where - 1] += "\n"
    if args["prepend_newline"] and where > 0 and lines[where - 1] != "\n":
        written = ["\n", *written]
    if args["append_newline"] and where < len(lines) and lines[where] != "\n":
        written = [*written, "\n"]
    lines[where:where] = written


def _find(lines: List[str], marker: str) -> Optional[int]:
    fitting = [index for index, line in enumerate(lines) if line.rstrip("\r\n") == marker]
    return fitting[-1] if fitting else None


def _place(args: Args, lines: List[str]) -> int:
    if args["insertbefore"] == "BOF":
        return 0
    anchor = args["insertbefore"] or args["insertafter"]
    if anchor in (None, "", "EOF"):
        return len(lines)
    fits = re.compile(anchor, re.MULTILINE).search if "\n" in anchor else re.compile(anchor).search
    fitting = [index for index, line in enumerate(lines) if fits(line)]
    if not fitting:
        return len(lines)
    return fitting[-1] if args["insertbefore"] else fitting[-1] + 1


def check(args: Args) -> None:
    """Refuse anchors that are no regular expressions."""
    for name in ("insertafter", "insertbefore"):
        try:
            re.compile(args[name] or "")
        except re.error as error:
            raise ModuleFailure(f"{name} is not a regular expression: {error}") from None


def absent(args: Args) -> Optional[State]:
    """Say what a missing file means: nothing to remove, or a failure."""
    return {"msg": "File not found"} if args["state"] == "absent" or not args["block"] else None


module = textfile.editor(
    "blockinfile",
    args={
        "state": Arg(default="present", choices=("absent", "present")),
        "block": Arg(default="", aliases=("content",)),
        "marker": Arg(default="# {mark} ANSIBLE MANAGED BLOCK"),
        "marker_begin": Arg(default="BEGIN"),
        "marker_end": Arg(default="END"),
        "insertafter": Arg(),
        "insertbefore": Arg(),
        "create": Arg("bool", default=False),
        "prepend_newline": Arg("bool", default=False),
        "append_newline": Arg("bool", default=False),
    },
    edit=edit,
    check=check,
    absent=absent,
    exclusive_args=(("insertbefore", "insertafter"),),
)
