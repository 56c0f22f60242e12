"""The texts of templates, task files and roles that a task names plainly."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.playbook.model import Include, Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.graph.model import PlayStrand
    from kplay.playbook.model import Node

_LARGEST = 1_000_000


def file_texts(strand: PlayStrand, node: Node) -> list[str]:
    """What the files hold that a node reads when it runs, where the play says which."""
    if isinstance(node, Task) and node.module == "template":
        return _first(strand, node, str(_argument(node, "src")), "templates")
    if isinstance(node, Include) and node.kind == "tasks":
        return _first(strand, node, str(_argument(node, "file", "_raw")), "tasks")
    if isinstance(node, Include):
        return list(_role(strand, node, str(_argument(node, "name"))))
    return []


def _argument(node: Task | Include, *names: str) -> object:
    return next((one.value for name in names if (one := node.args.get(name)) is not None), "")


def _first(strand: PlayStrand, node: Task | Include, name: str, kind: str) -> list[str]:
    if not name or "{{" in name:
        return []
    for folder in _folders(strand, node):
        for path in (folder / kind / name, folder / name):
            if path.is_file():
                return [_read(path)]
    return []


def _folders(strand: PlayStrand, node: Task | Include) -> Iterator[Path]:
    if node.role is not None:
        yield node.role.path
    yield Path(node.span.file).parent
    if strand.play.directory is not None:
        yield strand.play.directory


def _role(strand: PlayStrand, node: Include, name: str) -> Iterator[str]:
    """The tasks, templates and variables of a role beside this one or beside the playbook."""
    if not name or "{{" in name:
        return
    beside = [folder / "roles" for folder in _folders(strand, node)]
    if node.role is not None:
        beside.append(node.role.path.parent)
    found = next((folder / name for folder in beside if (folder / name).is_dir()), None)
    if found is None:
        return
    for part in ("tasks", "templates", "defaults", "vars", "handlers"):
        for path in sorted((found / part).rglob("*")):
            if path.is_file():
                yield _read(path)


@lru_cache(maxsize=512)
def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.stat().st_size < _LARGEST else ""
    except (OSError, UnicodeDecodeError):
        return ""
