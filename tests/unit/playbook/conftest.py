"""A folder of files and what they load to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kplay.errors import InputError
from kplay.playbook.load import load
from kplay.playbook.model import Block, Node, Playbook, Task

Load = Callable[..., Playbook]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], Path]:
    monkeypatch.chdir(tmp_path)

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def loaded(folder: Callable[[dict[str, str]], Path]) -> Load:
    def read(playbook: str, files: dict[str, str] | None = None, **options: Any) -> Playbook:
        folder({"site.yml": playbook, **(files or {})})
        return load([Path("site.yml")], **options)

    return read


@pytest.fixture
def codes(loaded: Load) -> Callable[..., list[str]]:
    def read(playbook: str, files: dict[str, str] | None = None) -> list[str]:
        with pytest.raises(InputError) as caught:
            loaded(playbook, files)
        return [one.code for one in caught.value.diagnostics]

    return read


@pytest.fixture
def outline() -> Callable[[list[Node]], list[Any]]:
    def of(nodes: list[Node]) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, Block):
                label = f"{node.kind} {node.role.name}" if node.kind == "role" else node.kind
                found.append((label, of([*node.tasks, *node.rescue, *node.always])))
            else:
                found.append(node.name if isinstance(node, Task) else f"<{node.name}>")
        return found

    return of
