"""replace: all that a regular expression matches in a file, replaced."""

import re
from typing import Optional, Tuple

from kplay.modules import textfile
from kplay.modules.api import Arg, Args, ModuleFailure
from kplay.modules.textfile import Edit


def edit(args: Args, text: str) -> Edit:
    """The text with every match replaced, between ``after`` and ``before`` where given."""
    span = _section(args, text)
    if span is None:
        pattern = _section_pattern(args)
        message = f"Pattern for before/after params did not match the given file: {pattern}"
        return Edit(text, message)
    start, end = span
    section, count = re.compile(args["regexp"], re.MULTILINE).subn(args["replace"], text[start:end])
    if not count or section == text[start:end]:
        return Edit(text)
    return Edit(text[:start] + section + text[end:], f"{count} replacements made")


def _section_pattern(args: Args) -> str:
    if args["after"] and args["before"]:
        return f"{args['after']}(?P<subsection>.*?){args['before']}"
    if args["after"]:
        return f"{args['after']}(?P<subsection>.*)"
    return f"(?P<subsection>.*){args['before']}"


def _section(args: Args, text: str) -> Optional[Tuple[int, int]]:
    if not args["after"] and not args["before"]:
        return 0, len(text)
    match = re.search(_section_pattern(args), text, re.DOTALL)
    return match.span("subsection") if match else None


def check(args: Args) -> None:
    """Refuse what is no regular expression."""
    for name in ("regexp", "after", "before"):
        try:
            re.compile(args[name] or "")
        except re.error as error:
            raise ModuleFailure(f"{name} is not a regular expression: {error}") from None


module = textfile.editor(
    "replace",
    args={
        "regexp": Arg(required=True),
        "replace": Arg(default=""),
        "after": Arg(),
        "before": Arg(),
        "encoding": Arg(default="utf-8", choices=("utf-8",)),
    },
    edit=edit,
    check=check,
)
