"""What the command line shows of modules that are not kplay's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kplay.foreign.find import Foreign, Places

_SHOWN = ("type", "required", "default", "choices", "aliases", "elements")


def places() -> Places:
    """Where modules are sought for a playbook in the working directory."""
    from kplay import ansible_cfg
    from kplay.foreign.find import Places

    here, cfg = Path.cwd(), ansible_cfg.find()
    return Places(
        (here / "library", *cfg.libraries),
        (here / "module_utils", *cfg.utilities),
        (here / "collections", *cfg.collections_path),
    )


def described(module: Foreign) -> dict[str, Any]:
    """A module's page: where it lies, how it is planned, what it takes."""
    from kplay.foreign import document
    from kplay.foreign.pack import says_check_mode

    told = document.read(module)
    python = module.kind == "python"
    checks = python and says_check_mode(module.path.read_text(encoding="utf-8"))
    return {
        "name": module.full,
        "about": told.about or "(not documented)",
        "path": str(module.path),
        "planned": "through its check mode" if checks else "as run",
        **({"refused": module.refused} if module.refused else {}),
        "args": {name: _option(entry) for name, entry in told.options.items()},
    }


def _option(entry: dict[str, Any]) -> dict[str, Any]:
    shown = {"type": "str", **{name: entry[name] for name in _SHOWN if name in entry}}
    return {key: value for key, value in shown.items() if value not in (None, False, "", [])}


def sources(where: Places) -> list[str]:
    """A line for ansible-core and for each collection, with the number of its modules."""
    from kplay.foreign.core import core_folder, core_version
    from kplay.foreign.find import BUILTIN, module_names
    from kplay.foreign.missing import collections

    core = core_folder()
    lines = []
    if core is not None:
        number = len(module_names(BUILTIN, where))
        lines.append(f"{BUILTIN:<30} {number:>4}  ansible-core {core_version(core)}")
    for name in collections(where):
        number = len(module_names(name, where))
        if number:
            lines.append(f"{name:<30} {number:>4}")
    return lines
