"""Prints the files that run on hosts, a line each: what agent and modules import from there."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENTRY = "kplay.agent.remote"


def target_files() -> list[Path]:
    """The agent's entry and all it imports, and every module."""
    pending = [ROOT / f"{ENTRY.replace('.', '/')}.py", *(ROOT / "kplay/modules").glob("*.py")]
    found: set[Path] = set()
    while pending:
        path = pending.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kplay"):
                base = ROOT / (node.module or "").replace(".", "/")
                pending += [base.with_suffix(".py"), base / "__init__.py"]
                pending += [base / f"{alias.name}.py" for alias in node.names]
    return sorted(found)


if __name__ == "__main__":
    for path in target_files():
        print(path.relative_to(ROOT))  # noqa: T201 - the Makefile reads it
