from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from kplay.agent import bootstrap


def test_what_runs_on_hosts_runs_on_python_3_6() -> None:
    vermin = Path(sys.executable).with_name("vermin")
    argv = [vermin, "-q", "-t=3.6-", "--violations", "--no-tips", "--eval-annotations"]
    argv += bootstrap.host_files()
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_runs_on_hosts_imports_nothing_else_of_kplay() -> None:
    packed = bootstrap._sources()
    for path in bootstrap.host_files():
        for line in path.read_text().splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]) and words[1].startswith("kplay"):
                assert words[1] in packed, path


def test_the_archive_is_the_same_each_time() -> None:
    first = bootstrap.archive()
    bootstrap.archive.cache_clear()
    bootstrap._sources.cache_clear()
    assert bootstrap.archive() == first


def test_the_archive_stays_small() -> None:
    assert len(bootstrap.archive().data) < 48 * 1024


def test_a_module_comes_with_what_it_imports() -> None:
    found = bootstrap.modules(["command", "nope"], {"mine": ""})
    assert set(found) == {"kplay.modules.command", "kplay.modules.execution"}
    assert bootstrap.modules(["mine"], {"mine": "x = 1\n"}) == {"kplay.modules.mine": "x = 1\n"}


def test_stripped_sources_mean_the_same_line_by_line() -> None:
    import ast

    for path in bootstrap.host_files():
        text = path.read_text()
        bare = bootstrap._bare(text)
        before = [(type(n).__name__, n.lineno) for n in ast.walk(ast.parse(text)) if is_code(n)]
        after = [(type(n).__name__, n.lineno) for n in ast.walk(ast.parse(bare)) if is_code(n)]
        assert after == before, path


def is_code(node: object) -> bool:
    import ast

    return isinstance(node, ast.stmt) and not (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def test_the_stub_names_nothing_of_the_run() -> None:
    assert "password" not in bootstrap.command()
    assert len(bootstrap.command()) < 2000
