"""What every module keeps to, so that planning can never write."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from kplay.modules import catalog
from kplay.modules.api import Arg
from kplay.testing import FakeHost, ReadOnly, WroteWhilePlanning, plan

MODULES = Path(catalog.__file__).parent
TESTS = Path(__file__).parents[2] / "modules"
CONTROLLER = {"catalog", "schema", "api", "__init__"}
FILES = sorted(path for path in MODULES.glob("*.py") if path.stem not in CONTROLLER)

FORBIDDEN = {"os", "subprocess", "shutil", "pathlib", "tempfile", "glob"}
FORBIDDEN_CALLS = {"open", "exec", "eval", "__import__"}
FORBIDDEN_METHODS = {"time": {"time", "sleep"}, "socket": {"socket", "create_connection"}}
CLOCKS = {"now", "utcnow", "today"}
MEASURES = {"execution"}  # says when a program began and ended, which no plan looks at


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_host_is_reached_through_probe_and_host_only(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    roots = {name.split(".")[0] for name in imported(tree)}
    assert not roots & FORBIDDEN
    ours = {name for name in imported(tree) if name.startswith("kplay")}
    allowed = ("kplay.modules", "kplay.agent.host")
    assert all(name.startswith(allowed) for name in ours), ours
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"line {node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            base = ast.unparse(node.func.value)
            assert node.func.attr not in FORBIDDEN_METHODS.get(base, ()), f"line {node.lineno}"
            clock = base.startswith(("dt.", "datetime")) and node.func.attr in CLOCKS
            clock = clock and not (node.args or node.keywords)
            assert not clock or path.stem in MEASURES, f"line {node.lineno}: the clock is a fact"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_file_is_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("name", catalog.names())
def test_a_module_has_its_test_and_its_contract(name: str) -> None:
    module = catalog.find(name)
    assert module is not None
    assert module.name == name
    assert (TESTS / f"test_{name}.py").exists()
    assert module.kind in {"state", "action", "read", "wait"}
    assert module.reach in {"host", "cluster"}
    assert module.kind == "read" or module.apply is not None
    for arg in module.args.values():
        assert isinstance(arg, Arg)
    named = [*module.guards, *(name for names in module.exclusive_args for name in names)]
    named += [name for names in module.requires_one_of for name in names]
    assert set(named) <= set(module.args)
    spelled = [*module.args, *(alias for arg in module.args.values() for alias in arg.aliases)]
    assert len(spelled) == len(set(spelled))


def test_a_plan_has_no_way_to_write() -> None:
    probe: Any = ReadOnly(FakeHost())
    for verb in ("write", "mkdir", "remove", "chmod", "run", "tempdir", "rename"):
        with pytest.raises(WroteWhilePlanning):
            getattr(probe, verb)


def test_a_module_that_writes_while_it_observes_is_caught() -> None:
    module = catalog.find("slurp")
    assert module is not None
    host = FakeHost(files={"/f": "x"})

    def observe(probe: Any, _args: dict[str, Any]) -> dict[str, Any]:
        probe._host.write("/f", b"y")
        return {}

    kept, module.observe = module.observe, observe
    try:
        with pytest.raises(WroteWhilePlanning):
            plan(module, {"src": "/f"}, host)
    finally:
        module.observe = kept
