from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kplay.inventory.export import graph_text, to_list_json
from kplay.inventory.load import load
from kplay.resolve.constructed import Constructor

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = Path(sys.executable).with_name("ansible-inventory")


@pytest.fixture
def written(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Files by name; those that begin with ``#!`` may be run."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            if text.startswith("#!"):
                path.chmod(0o755)
        return tmp_path

    return write


@pytest.fixture
def same_as_ansible(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Compares sources under ``tmp_path`` as read by ansible-inventory and by kplay."""
    if not PROGRAM.exists():
        pytest.skip("ansible-core is not installed")

    def compare(*sources: str, **environment: str) -> dict[str, Any]:
        given = [option for source in sources for option in ("-i", source)]
        around = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "0", **environment}

        def ask(form: str) -> str:
            command = [str(PROGRAM), *given, form]
            return subprocess.run(
                command, cwd=tmp_path, env=around, capture_output=True, text=True, check=True
            ).stdout

        found: list[str | Path] = [
            one if "," in one and not (tmp_path / one).exists() else tmp_path / one
            for one in sources
        ]
        inventory = load(found, construct=Constructor())
        listed: dict[str, Any] = _plain(json.loads(ask("--list")))
        listed["_meta"].pop("profile", None)
        assert to_list_json(inventory) == listed
        assert graph_text(inventory) == ask("--graph").strip()
        return listed

    return compare


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"__ansible_unsafe"}:
            return value["__ansible_unsafe"]
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
