"""Packs a module with all that it imports of Ansible, by reading its imports."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kplay.foreign import routing
from kplay.foreign.core import core_folder, core_version, told_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kplay.foreign.find import Foreign

_ROOTS = ("ansible.module_utils", "ansible_collections")
# Beside what modules name, ansible-core 2.19 and later load by names that are made while they run
_PROFILES = "ansible.module_utils._internal._json._profiles"
_ALWAYS = (
    "ansible.module_utils.basic",
    f"{_PROFILES}._module_legacy_c2m",
    f"{_PROFILES}._module_legacy_m2c",
)
_COLLECTED = re.compile(r"^ansible_collections\.(\w+\.\w+)\.plugins\.module_utils\.([\w.]+)$")


class Packed(NamedTuple):
    """A module ready to travel."""

    sources: dict[str, str]
    """Digest to text: each file, and the list of them by path, which is called ``listed``."""
    listed: str
    checks: bool
    """Whether it says that it supports check mode."""
    facts: tuple[str, ...]
    """Names of the facts that it gives, as far as they are written in it."""
    told: frozenset[str]
    """What it may be told beside its arguments."""
    version: str
    """Of ansible-core."""


class _Source(NamedTuple):
    path: str
    """Where it lies on the host's side."""
    text: str
    imports: tuple[str, ...]
    """Full names; some are attributes, not modules."""


def pack(module: Foreign) -> Packed:
    """A module, its utilities and theirs.

    Not to be called by several threads at once: until Python 3.11.9 ``ast.parse`` fails then
    (https://github.com/python/cpython/issues/106905).

    Raises:
        OSError: the module or one of its utilities cannot be read.
        SyntaxError: one of them is not Python.
        UnicodeDecodeError: one of them is not UTF-8.
    """
    return _pack(module, module.path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _pack(module: Foreign, changed: int) -> Packed:
    own = _read(module.path, module.package, False, changed)
    found = {own.path: own.text, "ansible/__init__.py": f"__version__ = {_version()!r}\n"}
    open_names = [*_ALWAYS, *own.imports]
    seen: set[str] = set()
    while open_names:
        name = open_names.pop()
        if name in seen:
            continue
        seen.add(name)
        source = _find(name, module)
        if source is None:
            continue
        found[source.path] = source.text
        parts = name.split(".")
        open_names += [*source.imports, *(".".join(parts[:end]) for end in range(2, len(parts)))]
    sources = {digest(text): text for text in found.values()}
    table = json.dumps({path: digest(text) for path, text in sorted(found.items())})
    listed = digest(table)
    core = core_folder()
    told = told_names(core) if core is not None else frozenset()
    return Packed(
        {**sources, listed: table},
        listed,
        says_check_mode(own.text),
        facts_in(own.text),
        told,
        _version(),
    )


def digest(text: str) -> str:
    """The name under which a text travels."""
    return hashlib.sha256(text.encode()).hexdigest()


def _version() -> str:
    core = core_folder()
    return core_version(core) if core is not None else ""


def says_check_mode(text: str) -> bool:
    """Whether a module says of itself that it supports check mode.

    Either it is told so when it is made, or its documentation has the attribute.
    """
    documented = r"^\s+check_mode:\s*\n\s+support:\s*(?:full|partial)\b"
    return bool(re.search(documented, text, re.MULTILINE)) or any(
        isinstance(value, ast.Constant) and value.value is True
        for value in _given(text, "supports_check_mode")
    )


def facts_in(text: str) -> tuple[str, ...]:
    """Names of facts that stand in a module's source under ``ansible_facts``, sorted."""
    found: set[str] = set()
    for value in _given(text, "ansible_facts"):
        if isinstance(value, ast.Dict):
            names = [key.value for key in value.keys if isinstance(key, ast.Constant)]
            found.update(name for name in names if isinstance(name, str))
        elif isinstance(value, ast.Call) and getattr(value.func, "id", "") == "dict":
            found.update(word.arg for word in value.keywords if word.arg)
    return tuple(sorted(found))


def facts_of(module: Foreign) -> tuple[str, ...]:
    """The same of a module that is called; empty when it cannot be read."""
    try:
        return facts_in(module.path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ()


def _given(text: str, name: str) -> Iterator[ast.expr]:
    """What stands under a name in calls and in mappings."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.keyword) and node.arg == name:
            yield node.value
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == name:
                    yield value


def _find(name: str, module: Foreign) -> _Source | None:
    """The source of a name, or a word of where it moved; None when it is no module."""
    if not name.startswith(_ROOTS):
        return None
    parts = name.split(".")
    core = core_folder()
    if parts[0] == "ansible":
        roots = [one.joinpath(*parts[2:]) for one in module.utilities if len(parts) > 2]
        roots += [core.joinpath(*parts[1:])] if core is not None else []
    else:
        roots = [one.joinpath(*parts) for one in module.homes]
    for root in roots:
        plain, package = root.with_name(f"{root.name}.py"), root / "__init__.py"
        for path in (plain, package):
            if path.is_file():
                return _read(path, name, path == package, path.stat().st_mtime_ns)
    target = _moved(name, module)
    if target is None:
        return None
    text = f"import sys\nimport {target} as there\nsys.modules[__name__] = there\n"
    return _Source(name.replace(".", "/") + ".py", text, (target,))


def _moved(name: str, module: Foreign) -> str | None:
    """Where ``meta/runtime.yml`` says that a utility is found now."""
    collected = _COLLECTED.match(name)
    if collected is not None:
        inside = ("ansible_collections", *collected[1].split("."))
        folders = [home.joinpath(*inside) for home in module.homes]
        folder = next((one for one in folders if one.is_dir()), None)
        collection, rest = collected[1], collected[2]
    else:
        folder, collection = core_folder(), routing.BUILTIN
        rest = name.removeprefix("ansible.module_utils.")
    if folder is None:
        return None
    target = routing.route(folder, collection, "module_utils", rest).redirect
    if not target or target.startswith(("ansible.", "ansible_collections.")):
        return target or None
    space, own, inner = target.split(".", 2)
    return f"ansible_collections.{space}.{own}.plugins.module_utils.{inner}"


@cache
def _read(path: Path, name: str, is_package: bool, changed: int) -> _Source:
    del changed
    text = path.read_text(encoding="utf-8")
    inner = name.replace(".", "/")
    place = f"{inner}/__init__.py" if is_package else f"{inner}.py"
    here = name.split(".") if is_package else name.split(".")[:-1]
    return _Source(place, text, tuple(_imports(ast.parse(text), here)))


def _imports(tree: ast.Module, here: list[str]) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names if one.name.startswith(_ROOTS)]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = here[: len(here) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            if base.startswith(_ROOTS) or base == "ansible":
                found += [base, *(f"{base}.{one.name}" for one in node.names)]
    return list(dict.fromkeys(found))
