"""``kplay modules``: what tasks can call."""

from __future__ import annotations

import inspect
import json
import sys
from typing import TYPE_CHECKING, Any

from kplay.cli import foreign
from kplay.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.foreign.find import Places
    from kplay.playbook.modules import Called

HELP = "list modules, or those of a collection, or show the arguments of one"


def add(parser: ArgumentParser) -> None:
    """NAME, --json."""
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="a module: show its arguments; a collection: list its modules",
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(chosen: Namespace) -> ExitCode:
    """Print the list, the modules of a collection, or one module."""
    from kplay.playbook import modules

    if chosen.name is None:
        return _list(chosen)
    where = foreign.places()
    called = modules.look(chosen.name, where)
    if called is None:
        return _collection(chosen, where)
    if called.foreign is not None:
        data = foreign.described(called.foreign)
    elif called.refused:
        raise UsageError(f"`{chosen.name}` is not supported\n = note: {called.refused}")
    else:
        data = {**_described(called.name), "args": _arguments(called)}
    print(json.dumps(data, indent=2, default=str) if chosen.json else _page(data))
    return ExitCode.OK


def _list(chosen: Namespace) -> ExitCode:
    from kplay.playbook import modules

    found = [_described(name) for name in modules.names()]
    if chosen.json:
        print(json.dumps(found, indent=2))
        return ExitCode.OK
    print("\n".join(map(_line, found)))
    others = foreign.sources(foreign.places())
    if others:
        print("and those of (kplay modules NAME lists them):")
        print("\n".join(others))
    return ExitCode.OK


def _collection(chosen: Namespace, where: Places) -> ExitCode:
    """The modules of a collection, where the name is one."""
    from kplay.cli import elsewhere
    from kplay.diagnostics import suggest
    from kplay.foreign.find import module_names
    from kplay.foreign.missing import advice
    from kplay.playbook import modules

    found = module_names(chosen.name, where) if chosen.name.count(".") == 1 else []
    if found:
        print(json.dumps(found, indent=2) if chosen.json else "\n".join(found))
        return ExitCode.OK
    told = advice(chosen.name, where)
    hints = told.help or elsewhere.in_tables(chosen.name) or suggest(chosen.name, modules.names())
    lines = [f"no module named `{chosen.name}`", *(f" = note: {one}" for one in told.notes)]
    raise UsageError("\n".join([*lines, *(f" = help: {one}" for one in hints[:1])]))


def _line(one: dict[str, Any]) -> str:
    mark = "  (untested on a host)" if one.get("untested") else ""
    return f"{one['name']:<22} {one['about']}".rstrip() + mark


def _described(name: str) -> dict[str, Any]:
    from kplay.modules import catalog

    module = catalog.find(name)
    if module is None:
        return {"name": name, "about": "(on the controller)"}
    source = sys.modules[f"kplay.modules.{module.name}"]
    about = (inspect.getdoc(source) or "").split("\n\n")[0].replace("\n", " ")
    described = {"name": module.name, "about": about}
    return {**described, "untested": True} if module.untested else described


def _arguments(called: Called) -> dict[str, dict[str, Any]]:
    return {
        name: {
            key: value
            for key, value in arg._asdict().items()
            if value not in (None, False, "", ()) or key == "type"
        }
        for name, arg in sorted(called.args.items())
    }


def _page(data: dict[str, Any]) -> str:
    lines = [f"{data['name']}: {data['about']}"]
    lines += ["untested on a host"] if data.get("untested") else []
    lines += [f"lies at {data['path']}", f"planned {data['planned']}"] if "path" in data else []
    lines.append("")
    for name, arg in data["args"].items():
        words = [arg["type"]]
        words += ["required"] if arg.get("required") else []
        words += [f"default {arg['default']}"] if "default" in arg else []
        for key in ("choices", "aliases"):
            words += [f"{key} {', '.join(map(_word, arg[key]))}"] if key in arg else []
        words += [f"not supported: {arg['refused']}"] if arg.get("refused") else []
        lines.append(f"  {name:<20} {'; '.join(words)}")
    return "\n".join(lines)


def _word(value: object) -> str:
    text = str(value)
    return text if text.isprintable() else repr(text)
