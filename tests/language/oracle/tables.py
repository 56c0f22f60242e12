"""The tables of the language, and which of their entries a test names."""

from __future__ import annotations

import ast
import json
from functools import cache
from typing import TYPE_CHECKING

from kplay.playbook import keywords
from kplay.playbook import modules as calls
from kplay.resolve import reference
from oracle.cases import HERE, RECORDED, cases
from oracle.expressions import Expressions
from oracle.uses import cases_by_use

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TESTS = HERE.parent
TABLES = ("keywords", "filters", "tests", "lookups", "meta", "variables", "precedence", "options")
_LEVELS_CASE = "precedence_levels"


def entries(table: str) -> frozenset[str]:
    """Every supported entry of a table; of keywords ``level.name``, of options ``module.name``."""
    if table == "keywords":
        return frozenset(_keywords())
    if table == "options":
        return frozenset(_options())
    return frozenset(
        name
        for one in reference.TOPICS[table]()
        if not one.refused
        for name in (one.name, *one.about.get("aliases", ()))
    )


def _keywords() -> Iterator[str]:
    for level in keywords.LEVELS:
        yield from (f"{level}.{word}" for word in keywords.supported(level))
        if keywords.find(level, "with_items") is not None:
            yield f"{level}.with_<lookup>"


def _options() -> Iterator[str]:
    for name in calls.names():
        called = calls.find(name)
        assert called is not None, name
        yield from (f"{name}.{option}" for option in called.args if option[0] != "_")


@cache
def named(table: str) -> dict[str, list[str]]:
    """The tests that name an entry, for each entry that one names."""
    if table == "precedence":
        return _precedence()
    in_cases = _by_case()
    found: dict[str, list[str]] = {}
    for entry in entries(table):
        word = entry.rpartition(".")[2] if table in ("filters", "tests", "lookups") else entry
        tests = list(in_cases.get((table, word), ()))
        if table == "options":
            tests += _in_module_tests(entry)
        elif entry in _of_collections(table) and word in _in_unit_tests()[table]:
            tests.append("tests/unit/resolve")
        if tests:
            found[entry] = tests
    return found


def missing(table: str) -> frozenset[str]:
    """The entries that no test names."""
    return entries(table) - named(table).keys()


@cache
def _of_collections(table: str) -> frozenset[str]:
    """Filters and tests that ansible-core does not bring: unit tests speak for them."""
    if table not in ("filters", "tests"):
        return frozenset()
    own = {"ansible.builtin", "ansible.legacy"}
    return frozenset(
        name
        for one in reference.TOPICS[table]()
        for name in (one.name, *one.about.get("aliases", ()))
        if "." in name or set(one.about.get("collections", ())) - own
    )


@cache
def _by_case() -> dict[tuple[str, str], list[str]]:
    return cases_by_use(cases())


# -- precedence -------------------------------------------------------------------------------


def _precedence() -> dict[str, list[str]]:
    """Levels that won over the one below in the case made for it, as ansible-core recorded.

    The variable ``over_<n>`` is defined at the level n and at the one below it, and says at which.
    """
    record = RECORDED / f"{_LEVELS_CASE}.json"
    if not record.exists():
        return {}
    titles = {int(one.about["level"]): one.name for one in reference.precedence_entries()}
    rows = [
        row
        for run in json.loads(record.read_text())["runs"]
        for host in run["hosts"].values()
        for row in host
    ]
    said = {
        (row["task"].rpartition(" : ")[2], str(one["fields"].get("msg")))
        for row in rows
        for one in (row, *row["items"])
    }
    won = [n for n in titles if (f"over_{n}", f"level {n}") in said]
    lowest = [1] if 2 in won else []
    return {titles[n]: [_LEVELS_CASE] for n in [*lowest, *won]}


# -- module options ---------------------------------------------------------------------------


def _in_module_tests(entry: str) -> list[str]:
    module, _, option = entry.rpartition(".")
    called = calls.find(module)
    words = {option, *(called.args[option].aliases if called else ())}
    by_case = [
        name for word in words for name in _by_case().get(("options", f"{module}.{word}"), ())
    ]
    # what all modules that make files share is tested with each of them in one place
    shared = TESTS / "unit" / "modules" / "test_labels.py"
    paths = [TESTS / "modules" / f"test_{module}.py"]
    paths += [shared] if module in _words(shared) else []
    return by_case + [path.name for path in paths if words & _words(path)]


@cache
def _words(path: Path) -> frozenset[str]:
    """What a test file of a module gives as arguments: keys of mappings and keyword arguments."""
    if not path.exists():
        return frozenset()
    tree = ast.parse(path.read_text())
    found = _keys(tree)
    shared = _fixtures(path.parent / "conftest.py")
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            found |= shared.get(node.arg, frozenset())
        elif isinstance(node, ast.ImportFrom) and node.module:
            beside = _constants(path.parent / f"{node.module}.py")
            for one in node.names:
                found |= beside.get(one.name, set())
    return frozenset(found)


@cache
def _fixtures(path: Path) -> dict[str, frozenset[str]]:
    """What each function of a conftest.py gives, with the constants that it reads."""
    if not path.exists():
        return {}
    body = ast.parse(path.read_text()).body
    constants = _constants(path)
    found: dict[str, frozenset[str]] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef):
            read = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
            words = [_keys(node), *(constants[name] for name in read & constants.keys())]
            found[node.name] = frozenset().union(*words)
    return found


@cache
def _constants(path: Path) -> dict[str, set[str]]:
    """What each constant of a file gives; nothing of a file that is not there."""
    if not path.is_file():
        return {}
    return {
        target.id: _keys(node)
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _keys(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            found.update(str(k.value) for k in node.keys if isinstance(k, ast.Constant))
        elif isinstance(node, ast.keyword) and node.arg:
            found.add(node.arg)
    return found


# -- unit tests -------------------------------------------------------------------------------


@cache
def _in_unit_tests() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"filters": set(), "tests": set()}
    reader = Expressions(
        lambda table, name: found.setdefault(table, set()).add(name.rpartition(".")[2])
    )
    for path in sorted((TESTS / "unit" / "resolve").glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                reader.template(node.value)
                if "|" in node.value or " is " in node.value:
                    reader.expression(node.value)
    return found


def count() -> list[str]:
    """One line a table: how many entries a test names, of how many."""
    return [f"{table:<12} {len(named(table)):4} of {len(entries(table)):4}" for table in TABLES]
