"""From what a user types to a lab: a path, a lab that is up, or a ready-made one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic, suggest
from kplay.errors import InputError
from kplay.lab.load import load

if TYPE_CHECKING:
    from kplay.lab.model import Lab

_PACKAGE = Path(__file__).resolve().parents[1]
# In a checkout, and in an installed wheel.
_READY_MADE = (_PACKAGE.parent / "inventories/lab", _PACKAGE / "data/inventories/lab")


def find(name_or_path: str) -> Lab:
    """The lab that a user means.

    A lab that is up comes before a ready-made one of the same name: it is what runs.

    Raises:
        InputError: there is none, or its file has faults.
        KplayError: it is up, and only root may look at it.
    """
    from kplay.lab.nspawn.place import ROOT, Place, need_root

    path = Path(name_or_path)
    if path.is_file():
        return load(path)
    named = "/" not in name_or_path and not name_or_path.startswith(".")
    standing = Place(name_or_path) if named and name_or_path else None
    if standing is not None and standing.path.is_dir():
        # The lab's directory, its keys in it, is closed to others.
        need_root()
        if standing.lab_file.is_file():
            return load(standing.lab_file)
    ready = {file.stem: file for place in _READY_MADE for file in sorted(place.glob("*.yml"))}
    if named and name_or_path in ready:
        return load(ready[name_or_path])
    others = [one.name for one in ROOT.iterdir()] if ROOT.is_dir() else []
    known = sorted({*ready, *others})
    raise InputError(
        Diagnostic(
            "lab-not-found",
            f"no lab file and no lab named `{name_or_path}`",
            None,
            help=suggest(name_or_path, known) or (f"known: {', '.join(known)}",),
        )
    )
