"""What a module's documentation says of it: the text ``DOCUMENTATION`` in its source.

https://docs.ansible.com/ansible/latest/dev_guide/developing_modules_documenting.html
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

from kplay.foreign.core import core_folder

if TYPE_CHECKING:
    from pathlib import Path

    from kplay.foreign.find import Foreign

_CLASS = "ModuleDocFragment"


class Documented(NamedTuple):
    """What is documented; empty where nothing is."""

    about: str
    options: dict[str, dict[str, Any]]
    """By name: type, required, default, choices, aliases, elements, as far as they are given."""


def read(module: Foreign) -> Documented:
    """The documentation of a module, with the fragments that it takes in."""
    data = _parsed(_text(_tree(module.path).body, "DOCUMENTATION"))
    options = dict(_options(data))
    named = data.get("extends_documentation_fragment") or []
    for name in named if isinstance(named, list) else [named]:
        for option, entry in _options(_fragment(str(name), module)).items():
            options.setdefault(option, entry)
    about = " ".join(str(data.get("short_description") or "").split())
    return Documented(about, dict(sorted(options.items())))


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])


def _text(body: list[ast.stmt], name: str) -> str:
    """The text that is assigned to a name."""
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names = [one.id for one in node.targets if isinstance(one, ast.Name)]
            if name in names and isinstance(node.value.value, str):
                return node.value.value
    return ""


def _parsed(text: str) -> dict[str, Any]:
    import yaml

    from kplay.yaml_reader import plain

    try:
        data = plain(text)
    except yaml.YAMLError:
        return {}
    return data if isinstance(data, dict) else {}


def _options(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    given = data.get("options")
    if not isinstance(given, dict):
        return {}
    return {str(name): entry for name, entry in given.items() if isinstance(entry, dict)}


def _fragment(name: str, module: Foreign) -> dict[str, Any]:
    """A fragment: NAME or NAME.PART of ansible-core, or either with a collection before it."""
    words = name.split(".")
    core = core_folder()
    folders = [core / "plugins/doc_fragments"] if core is not None else []
    if len(words) > 2:
        inside = ("ansible_collections", *words[:2], "plugins", "doc_fragments")
        if words[:2] != ["ansible", "builtin"]:
            folders = [home.joinpath(*inside) for home in module.homes]
        words = words[2:]
    part = words[1].upper() if len(words) > 1 else "DOCUMENTATION"
    path = next((one for folder in folders if (one := folder / f"{words[0]}.py").is_file()), None)
    if path is None:
        return {}
    for node in _tree(path).body:
        if isinstance(node, ast.ClassDef) and node.name == _CLASS:
            return _parsed(_text(node.body, part))
    return {}
