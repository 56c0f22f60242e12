from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor

from kplay.agent import bootstrap


def test_a_module_travels_with_all_that_it_imports() -> None:
    found = bootstrap.modules(["apt"], {})
    assert {"kplay.modules.apt", "kplay.modules.debian"} <= set(found)
    assert "kplay.modules.api" not in found, "every agent has it"
    assert "kplay.modules.dnf" not in found


def test_imports_within_functions_count() -> None:
    source = "def f():\n    from kplay.modules import lines\n    return lines\n"
    assert "kplay.modules.lines" in bootstrap.modules(["own"], {"own": source})


def test_threads_may_look_while_another_parses() -> None:
    """CPython before 3.11.9 fails when ``ast.parse`` runs in two threads, so agents do without."""

    def look(number: int) -> int:
        return len(
            bootstrap.modules(["own"], {"own": f"from kplay.modules import apt\nx={number}"})
        )

    with ThreadPoolExecutor(8) as pool:
        ahead = [pool.submit(look, number) for number in range(64)]
        for _ in range(20):
            ast.parse("a = [b for b in range(3)]\n" * 200)
        assert len({one.result() for one in ahead}) == 1
