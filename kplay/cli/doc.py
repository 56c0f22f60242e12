"""``kplay doc``: the language as kplay knows it, from the tables that it runs by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.resolve.reference import Entry

HELP = "list keywords, filters, tests, lookups, meta words, variables, precedence"

TOPICS = ("keywords", "filters", "tests", "lookups", "meta", "variables", "precedence")


def add(parser: ArgumentParser) -> None:
    """TOPIC, NAME, --format."""
    parser.add_argument("topic", choices=TOPICS, metavar="TOPIC", help=", ".join(TOPICS))
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    parser.add_argument("--format", choices=["text", "json"], default="text")


def run(chosen: Namespace) -> ExitCode:
    """Print one table; what kplay refuses stands in it with the reason."""
    from kplay.resolve import reference

    entries = reference.TOPICS[chosen.topic]()
    if chosen.names:
        entries = _only(chosen.topic, entries, chosen.names)
    if chosen.format == "json":
        print(json.dumps([_as_json(one) for one in entries], indent=2))
    else:
        width = max(len(one.name) for one in entries)
        print("\n".join(_line(one, width) for one in entries))
    return ExitCode.OK


def _only(topic: str, entries: list[Entry], names: list[str]) -> list[Entry]:
    from kplay.diagnostics import suggest
    from kplay.errors import UsageError

    known = {name: one for one in entries for name in (one.name, *one.about.get("aliases", ()))}
    for name in names:
        if name not in known:
            hints = suggest(name, known)
            raise UsageError(
                f"no `{name}` among the {topic}" + (f"\n = help: {hints[0]}" if hints else "")
            )
    return [known[name] for name in names]


def _as_json(one: Entry) -> dict[str, Any]:
    refused = {"refused": one.refused} if one.refused else {}
    return {"name": one.name, **one.about, **refused}


def _line(one: Entry, width: int) -> str:
    words = [
        f"{title} {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for title, value in one.about.items()
    ]
    words += [f"refused: {one.refused}"] if one.refused else []
    return f"{one.name:<{width}}  {'; '.join(words)}".rstrip()
