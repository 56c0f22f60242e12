"""ini_file: one option, or one section, of an INI file."""

import re
from typing import List, NamedTuple, Optional, Tuple

from kplay.modules import textfile
from kplay.modules.api import Arg, Args, ModuleFailure, State
from kplay.modules.textfile import Edit

_SECTION = re.compile(r"^\s*\[(.*?)\]\s*(?:[#;].*)?$")


class Option(NamedTuple):
    """A line that sets an option, or that did before it was commented out."""

    line: int
    """Which line of the file."""
    active: bool
    value: Optional[str]
    """None when nothing is assigned."""


def edit(args: Args, text: str) -> Edit:
    """The text with the option as it should be."""
    lines = text.splitlines()
    name = args["section"] or ""
    span = _section(lines, name)
    if args["state"] == "absent":
        message = _remove(args, lines, span)
    else:
        message = _put(args, lines, name, span)
    made = "".join(line + "\n" for line in lines)
    # A file without a newline at its end keeps it that way until something else changes
    if made.rstrip("\n") == text.rstrip("\n"):
        return Edit(text, "OK")
    return Edit(made, message)


def _section(lines: List[str], name: str) -> Optional[Tuple[int, int]]:
    """First and last line (exclusive) of a section's body; the empty name is the file's head."""
    start: Optional[int] = 0 if not name else None
    for index, line in enumerate(lines):
        match = _SECTION.match(line)
        if match is None:
            continue
        if start is not None:
            return start, index
        if match.group(1) == name:
            start = index + 1
    return None if start is None else (start, len(lines))


def _options(args: Args, lines: List[str], span: Tuple[int, int]) -> List[Option]:
    commented = r"([#;]?)\s*" if args["modify_inactive_option"] else r"()\s*"
    pattern = re.compile(r"^\s*%s%s\s*(?:=\s*(.*?)\s*)?$" % (commented, re.escape(args["option"])))
    found = []
    for index in range(*span):
        match = pattern.match(lines[index])
        if match is not None:
            found.append(Option(index, not match.group(1), match.group(2)))
    return found


def _line(args: Args, value: Optional[str]) -> str:
    if value is None:
        return str(args["option"])
    between = "=" if args["no_extra_spaces"] else " = "
    # Spaces at the end of a line are no part of a value
    return f"{args['option']}{between}{value}".rstrip()


def _asked(args: Args) -> List[Optional[str]]:
    if args["values"]:
        return list(args["values"])
    return [args["value"]]


def _put(args: Args, lines: List[str], name: str, span: Optional[Tuple[int, int]]) -> str:
    if args["option"] is None:
        if span is None:
            lines.append(f"[{name}]")
        return "only section added"
    asked = _asked(args)
    if span is None:
        lines += [f"[{name}]", *[_line(args, value) for value in asked]]
        return "section and option added"
    there = _options(args, lines, span)
    left = [one for one in asked if not _kept(args, lines, there, one)]
    message = "option changed"
    if args["exclusive"]:
        extra = [one for one in there if one.active and one.value not in asked]
        message = _overwrite(args, lines, [one for one in there if not one.active], extra, left)
    if left and not args["exclusive"]:
        _insert(args, lines, name, left)
        message = "option added"
    return message


def _kept(args: Args, lines: List[str], there: List[Option], value: Optional[str]) -> bool:
    """Whether a line sets the value already; its spaces are set right where they matter."""
    for one in there:
        if one.active and one.value == value:
            if not args["ignore_spaces"]:
                lines[one.line] = _line(args, value)
            return True
    return False


def _overwrite(
    args: Args,
    lines: List[str],
    inactive: List[Option],
    extra: List[Option],
    left: List[Optional[str]],
) -> str:
    """Reuse the lines of other values, then commented ones; drop what is too many."""
    message = "option changed"
    reusable = extra or inactive
    for one in reusable:
        if not left:
            break
        lines[one.line] = _line(args, left.pop(0))
    unused = [one for one in extra if lines[one.line] not in map(_written(args), _asked(args))]
    for one in reversed(unused):
        del lines[one.line]
    if left:
        _insert(args, lines, args["section"] or "", left)
        left.clear()
        message = "option added"
    return message


def _written(args: Args):  # type: ignore[no-untyped-def]
    return lambda value: _line(args, value)


def _insert(args: Args, lines: List[str], name: str, values: List[Optional[str]]) -> None:
    span = _section(lines, name)
    start, end = span if span is not None else (0, len(lines))
    # What stands at the end of a section may belong to the next one
    while end > start and (not lines[end - 1].strip() or lines[end - 1].lstrip()[0] in "#;"):
        end -= 1
    lines[end:end] = [_line(args, value) for value in values]


def _remove(args: Args, lines: List[str], span: Optional[Tuple[int, int]]) -> str:
    if span is None:
        return "OK"
    if args["option"] is None:
        if args["exclusive"]:
            del lines[max(0, span[0] - 1) : span[1]]
        return "section removed"
    gone = [one for one in _options(args, lines, span) if one.active]
    if not args["exclusive"]:
        asked = _asked(args)
        gone = [one for one in gone if one.value in asked]
    for one in reversed(gone):
        del lines[one.line]
    return "option changed"


def check(args: Args) -> None:
    """Refuse an option that is to be set to nothing."""
    given = args["value"] is not None or args["values"] or args["allow_no_value"]
    if args["state"] == "present" and not given:
        message = "Parameter 'value(s)' must be defined if state=present and allow_no_value=False."
        raise ModuleFailure(message)


def absent(args: Args) -> Optional[State]:
    """Say what a missing file means when it may not be made."""
    return {"msg": "OK"} if args["state"] == "absent" else None


module = textfile.editor(
    "ini_file",
    args={
        "section": Arg(),
        "option": Arg(),
        "value": Arg(),
        "values": Arg("list", elements="str"),
        "state": Arg(default="present", choices=("absent", "present")),
        "exclusive": Arg("bool", default=True),
        "no_extra_spaces": Arg("bool", default=False),
        "ignore_spaces": Arg("bool", default=False),
        "allow_no_value": Arg("bool", default=False),
        "modify_inactive_option": Arg("bool", default=True),
        "create": Arg("bool", default=True),
        "follow": Arg("bool", default=False),
        "section_has_values": Arg(
            "list", elements="dict", refused="sections of one name are not told apart"
        ),
    },
    edit=edit,
    check=check,
    absent=absent,
    exclusive_args=(("value", "values"),),
)
