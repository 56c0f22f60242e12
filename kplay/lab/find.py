"""From what a user types to a lab: a path, a lab that is up, or a ready-made one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic, suggest
from kplay.errors import InputError, KplayError
from kplay.lab import standing
from kplay.lab.load import load

if TYPE_CHECKING:
    from kplay.lab.model import Lab

_PACKAGE = Path(__file__).resolve().parents[1]
# In a checkout, and in an installed wheel.
_READY_MADE = (_PACKAGE.parent / "inventories/lab", _PACKAGE / "data/inventories/lab")


def find(name_or_path: str) -> Lab:
    """The lab that a user means.

    A lab that is up comes before a ready-made one of the same name: it is what runs. A lab file
    whose lab is up under another provider than it names is that provider's.

    Raises:
        InputError: there is none, or its file has faults.
        KplayError: it is up, and only root may look at it.
    """
    path = Path(name_or_path)
    if path.is_file():
        return _as_it_stands(load(path))
    named = name_or_path and "/" not in name_or_path and not name_or_path.startswith(".")
    if named:
        up = standing.standing(name_or_path)
        if up is not None:
            return up
    ready = ready_made()
    if named and name_or_path in ready:
        return _as_it_stands(load(ready[name_or_path]))
    known = sorted({*ready, *standing.names()})
    raise InputError(
        Diagnostic(
            "lab-not-found",
            f"no lab file and no lab named `{name_or_path}`",
            None,
            help=suggest(name_or_path, known) or (f"known: {', '.join(known)}",),
        )
    )


def ready_made() -> dict[str, Path]:
    """The lab files that kplay comes with, by the name that they are asked for."""
    return {file.stem: file for place in _READY_MADE for file in sorted(place.glob("*.yml"))}


def under(lab: Lab, provider: str) -> Lab:
    """The same lab by another provider.

    Raises:
        KplayError: it is up under a third.
    """
    others = sorted(set(standing.places(lab.name)) - {provider})
    if others:
        raise KplayError(
            f"lab `{lab.name}` is up under the provider `{others[0]}`; take it down first"
        )
    return replace(lab, provider=provider)


def _as_it_stands(lab: Lab) -> Lab:
    providers = standing.places(lab.name)
    if providers and lab.provider not in providers:
        return replace(lab, provider=next(iter(providers)))
    return lab
