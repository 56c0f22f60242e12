"""What keeps the parts apart, beside import-linter's layers (pyproject.toml, `make layers`)."""

from __future__ import annotations

import ast
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "kplay").rglob("*.py"))
LONGEST = 400
SHAPELESS = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
OWNERS = {
    "networkx": "kplay/graph/dag.py",
    "paramiko": "kplay/transport/ssh",
    "fabric": "kplay/transport/ssh",
    "rich": "kplay/report/console.py",
}
FROM_THE_PACKAGE = ("kplay.modules.", "kplay.agent.")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def imported(path: Path) -> set[str]:
    """Modules that a file imports, imports for type checking left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lazy = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in lazy:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def target_files() -> list[Path]:
    spec = spec_from_file_location("target_files", Path(__file__).parent / "target_files.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.target_files()


@pytest.mark.parametrize("package", sorted(OWNERS))
def test_each_large_dependency_has_one_owner(package: str) -> None:
    users = {
        name_of(path)
        for path in SOURCES
        if any(name.partition(".")[0] == package for name in imported(path))
    }
    assert {user for user in users if not user.startswith(OWNERS[package])} == set()


def test_no_file_is_too_long() -> None:
    long = {
        name_of(path): length
        for path in SOURCES
        if (length := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert long == {}


def test_every_file_is_named_for_what_it_holds() -> None:
    assert [name_of(path) for path in SOURCES if path.stem in SHAPELESS] == []


def test_one_test_file_per_module() -> None:
    source = "\nmodule = "
    modules = {
        path.stem
        for path in (ROOT / "kplay/modules").glob("*.py")
        if source in path.read_text(encoding="utf-8")
    }
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests/modules").glob("test_*.py")}
    assert sorted(modules - tests) == []


def test_what_runs_on_hosts_imports_the_standard_library_and_itself() -> None:
    strangers = {}
    for path in target_files():
        found = {name for name in imported(path) if name.partition(".")[0] == "kplay"}
        outside = {name for name in found if not f"{name}.".startswith(FROM_THE_PACKAGE)} - {
            "kplay"
        }
        if outside:
            strangers[name_of(path)] = sorted(outside)
    assert strangers == {}


def test_nothing_that_runs_on_hosts_needs_the_controller_half() -> None:
    names = {name_of(path) for path in target_files()}
    assert not names & {"kplay/agent/session.py", "kplay/agent/bootstrap.py"}


def test_a_plan_runs_a_program_on_its_word_in_one_place_alone() -> None:
    callers = {
        name_of(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "vouched"
    }
    assert callers == {"kplay/modules/foreign.py"}
