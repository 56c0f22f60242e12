"""``kplay doc``: the language as kplay knows it, from the tables that it runs by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.errors import UsageError
    from kplay.resolve.reference import Entry

HELP = "list keywords, filters, tests, lookups, meta words, variables, precedence"

TOPICS = ("keywords", "filters", "tests", "lookups", "meta", "variables", "precedence")


def add(parser: ArgumentParser) -> None:
    """TOPIC, NAME, --format."""
    parser.add_argument("topic", metavar="TOPIC", help=", ".join(TOPICS))
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="only these; a module's page: kplay modules NAME"
    )
    parser.add_argument("--format", choices=["text", "json"], default="text")


def run(chosen: Namespace) -> ExitCode:
    """Print one table; what kplay refuses stands in it with the reason."""
    from kplay.resolve import reference

    if chosen.topic not in reference.TOPICS:
        raise _no_topic(chosen.topic)
    entries = reference.TOPICS[chosen.topic]()
    if chosen.names:
        entries = _only(chosen.topic, entries, chosen.names)
    if chosen.format == "json":
        print(json.dumps([_as_json(one) for one in entries], indent=2))
    else:
        width = max(len(one.name) for one in entries)
        print("\n".join(_line(one, width) for one in entries))
    return ExitCode.OK


def _no_topic(name: str) -> UsageError:
    from kplay.cli import elsewhere
    from kplay.diagnostics import suggest
    from kplay.errors import UsageError

    hints = elsewhere.in_tables(name) + elsewhere.among_modules(name)
    hints = hints or [*suggest(name, TOPICS), f"the topics are {', '.join(TOPICS)}"][:1]
    return UsageError("\n".join([f"no topic named `{name}`", *(f" = help: {a}" for a in hints)]))


def _only(topic: str, entries: list[Entry], names: list[str]) -> list[Entry]:
    from kplay.cli import elsewhere
    from kplay.diagnostics import suggest
    from kplay.errors import UsageError

    known = {name: one for one in entries for name in (one.name, *one.about.get("aliases", ()))}
    for name in names:
        if name not in known:
            hints = elsewhere.in_tables(name, but=topic) + elsewhere.among_modules(name)
            hints = hints or [*suggest(name, known)][:1]
            lines = [f"no `{name}` among the {topic}", *(f" = help: {one}" for one in hints)]
            raise UsageError("\n".join(lines))
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
