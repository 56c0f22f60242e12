"""Names of files and roles as far as they can be told: written out, or turns of a written loop."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.lint.model import beside
from kplay.playbook.reader import rewritten
from kplay.playbook.values import holds_template, is_template

if TYPE_CHECKING:
    from kplay.lint.model import Site
    from kplay.playbook.load import Loader
    from kplay.playbook.model import Node
    from kplay.source import Sourced

_HOLE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_ITEM = re.compile(r"\{\{\s*([A-Za-z_]\w*)((?:\.\w+|\['\w+'\])*)\s*\}\}")
_KEY = re.compile(r"\w+")
_LISTS = frozenset({"loop", "with_items", "with_list"})
_MOST = 200

named = rewritten


def literal(value: Any) -> bool:
    """Whether a loop's value is a list that is written out and not empty."""
    return isinstance(value, list) and bool(value) and not any(map(is_template, value))


def turns(node: Node) -> list[Any]:
    """The items of a loop that is written out; nothing for any other."""
    for name, value in node.keywords.items():
        if name in _LISTS and isinstance(value.value, list) and not holds_template(value.value):
            flat: list[Any] = []
            for one in value.value:
                flat += one if isinstance(one, list) and name == "with_items" else [one]
            return flat[:_MOST]
    return []


def names(site: Site, given: Sourced) -> tuple[list[str], bool]:
    """The names that a text may stand for, and whether those are all."""
    text = str(given.value)
    if not is_template(text):
        return [text], True
    items = turns(site.node)
    if not items:
        return [], False
    control = site.node.keywords.get("loop_control")
    plain = control.value if control is not None and isinstance(control.value, dict) else {}
    variable = str(plain.get("loop_var", "item"))
    found: list[str] = []
    for item in items:
        filled = _ITEM.sub(lambda match: _filled(match, variable, item), text)  # noqa: B023
        if is_template(filled):
            return [], False
        found.append(filled)
    return list(dict.fromkeys(found)), True


def _filled(match: re.Match[str], variable: str, item: Any) -> str:
    if match[1] != variable:
        return match[0]
    value = item
    for key in _KEY.findall(match[2]):
        if not isinstance(value, dict) or key not in value:
            return match[0]
        value = value[key]
    return match[0] if isinstance(value, (dict, list)) else str(value)


def alike(loader: Loader, site: Site, given: Sourced, kind: str) -> list[str]:
    """Files that a name with templates in it may mean: each ``{{ … }}`` stands for anything."""
    glob = pattern(str(given.value))
    if not glob:
        return []
    play, role = site.play, site.node.role
    found: dict[str, None] = {}
    for base in loader.search_paths(kind, "x", role, play, beside=beside(site.node)):
        try:
            paths = sorted(base.parent.glob(glob))
        except (ValueError, NotImplementedError, OSError):
            return []
        for path in paths[:_MOST]:
            if path.suffix in (".yml", ".yaml", ".json") and path.is_file():
                found[str(Path(path).absolute())] = None
        if found:
            break
    return list(found)


def pattern(text: str) -> str:
    """A glob of what a name with templates in it may be; empty where it may lead anywhere."""
    glob = _HOLE.sub("*", text).lstrip("/")
    if ".." in glob.split("/") or "**" in glob:
        return ""
    return glob if glob.strip("*/") else "*"
