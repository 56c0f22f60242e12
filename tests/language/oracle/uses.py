"""What of the language a case names, read from its YAML and the syntax trees of its templates."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import yaml

from kplay.playbook import keywords
from kplay.playbook import modules as calls
from oracle.expressions import Expressions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from oracle.cases import Case

Use = tuple[str, str]
"""A table (keywords, filters …) and an entry of it; keywords are ``level.name``."""

_LISTS = {"pre_tasks": "task", "tasks": "task", "post_tasks": "task", "handlers": "handler"}
_BLOCK = ("block", "rescue", "always")
_BARE = frozenset({"when", "until", "changed_when", "failed_when", "break_when"})
"""Keywords whose text is an expression without braces."""
_TEXTS = frozenset({".j2", ".txt", ".cfg", ".conf", ".ini"})


class _Loader(yaml.SafeLoader):
    """YAML with Ansible's own tags."""


_Loader.add_multi_constructor("!", lambda loader, _, node: loader.construct_scalar(node))


def uses_of(case: Case) -> set[Use]:
    """Every entry of every table that a case names."""
    reader = _Reader()
    for path in sorted(case.folder.rglob("*")):
        if path.is_file():
            reader.file(path, case.folder)
    for word in case.arguments:
        reader.template(word)
    return reader.found


class _Reader:
    def __init__(self) -> None:
        self.found: set[Use] = set()
        self.expressions = Expressions(self._name)

    def _name(self, table: str, name: str) -> None:
        short = name.rpartition(".")[2] if table != "variables" else name
        self.found.add((table, short or name))

    # -- files --------------------------------------------------------------------------------

    def file(self, path: Path, folder: Path) -> None:
        if path.suffix not in (".yml", ".yaml"):
            if path.suffix in _TEXTS or "templates" in path.parts:
                self.template(path.read_text(encoding="utf-8", errors="replace"))
            return
        data = yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506 - a safe loader with tags
        parts = path.relative_to(folder).parts
        if path.name == "options.yml":
            return
        if "roles" in parts and path.parent.name == "meta" and isinstance(data, dict):
            for use in data.get("dependencies") or ():
                self._role(use)
        elif isinstance(data, list) and all(isinstance(one, dict) for one in data):
            if any("hosts" in one or _importing(one) for one in data):
                for one in data:
                    self._play(one)
            else:
                level = "handler" if "handlers" in parts else "task"
                self._tasks(data, level)
        else:
            self.values(data)

    # -- plays and tasks ----------------------------------------------------------------------

    def _play(self, play: dict[str, Any]) -> None:
        level = "import_playbook" if _importing(play) else "play"
        self._words(level, play)
        for name, level in _LISTS.items():
            self._tasks(play.get(name) or (), level)
        for use in play.get("roles") or ():
            self._role(use)

    def _role(self, use: Any) -> None:
        if isinstance(use, dict):
            self._words("role", use)

    def _tasks(self, entries: Iterable[Any], level: str) -> None:
        for entry in entries:
            if any(part in entry for part in _BLOCK):
                self._words("block", entry)
                for part in _BLOCK:
                    self._tasks(entry.get(part) or (), level)
                continue
            module, args = _called(entry)
            own = {"include": "include", "import": "import"}.get(module.split("_")[0], level)
            if module == "include_vars":
                own = level
            self._words(own, entry)
            self._module(module, args, entry.get("args"))

    def _module(self, module: str, args: Any, more: Any) -> None:
        if module == "meta":
            self._name("meta", str(args).strip())
        named: set[str] = set()
        for given in (args, more):
            if isinstance(given, dict):
                named |= set(map(str, given))
            elif isinstance(given, str) and "=" in given:
                named |= {word.partition("=")[0] for word in given.split() if "=" in word}
        self.found |= {("options", f"{module}.{name}") for name in named}
        self._bare_args(module, args)

    def _bare_args(self, module: str, args: Any) -> None:
        if not isinstance(args, dict):
            return
        if module == "assert":
            self.expression(args.get("that"))
        if module == "debug":
            self.expression(args.get("var"))
        if isinstance(args.get("apply"), dict):
            self._words("block", args["apply"])

    def _words(self, level: str, entry: dict[str, Any]) -> None:
        for name, value in entry.items():
            if name.startswith("with_"):
                self._name("lookups", name.removeprefix("with_"))
                self.found.add(("keywords", f"{level}.with_<lookup>"))
            elif keywords.at(level).get(name) is not None:
                self.found.add(("keywords", f"{level}.{name}"))
            if name == "loop_control" and isinstance(value, dict):
                self._words("loop_control", value)
            if name in _BARE:
                self.expression(value)
            elif name not in (*_BLOCK, *_LISTS, "roles"):
                self.values(value)
        for use in entry.get("roles") or () if level == "play" else ():
            if isinstance(use, dict):
                self.values(use)

    # -- templates ----------------------------------------------------------------------------

    def values(self, value: Any) -> None:
        """Every template in a value."""
        for text in _texts(value):
            self.template(text)

    def template(self, text: str) -> None:
        self.expressions.template(text)

    def expression(self, value: Any) -> None:
        """Text that is an expression without braces, or a list of such."""
        for text in _texts(value):
            self.expressions.expression(text)


def _importing(entry: dict[str, Any]) -> bool:
    return "import_playbook" in entry or "ansible.builtin.import_playbook" in entry


def _called(entry: dict[str, Any]) -> tuple[str, Any]:
    """The module that a task calls, by its short name, and what it is given."""
    for way in ("action", "local_action"):
        given = entry.get(way)
        if isinstance(given, dict):
            return _short(str(given["module"])), given
        if given is not None:
            name, _, rest = str(given).partition(" ")
            return _short(name), rest
    known = keywords.at(keywords.HANDLER)
    others = [key for key in entry if key not in known and not key.startswith("with_")]
    others = [key for key in others if key != "needs"]
    return (_short(others[0]), entry[others[0]]) if others else ("", None)


def _short(name: str) -> str:
    from kplay.modules import catalog

    module = catalog.find(name)
    return module.name if module is not None else calls.short(name)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(key)
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def cases_by_use(cases: Iterable[Case]) -> dict[Use, list[str]]:
    """The names of the cases that name an entry."""
    found: defaultdict[Use, list[str]] = defaultdict(list)
    for case in cases:
        for use in uses_of(case):
            found[use].append(case.name)
    return found
