"""Labs that are up, whatever made them: a directory a lab, its lab file in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic, suggest
from kplay.errors import InputError, KplayError
from kplay.lab.load import LAB_NAME, load
from kplay.lab.not_up import lab_not_up, no_lab_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.lab.model import Lab


def vagrant_root() -> Path:
    """The directory of the labs that the provider ``vagrant`` made for this user."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local/state") / "kplay/lab"


def places(name: str) -> dict[str, Path]:
    """From a provider to the directory of a lab of that name that it has up."""
    if not LAB_NAME.fullmatch(name):
        return {}
    return {provider: root / name for provider, root in _roots().items() if (root / name).is_dir()}


def standing(name: str) -> Lab | None:
    """The lab of that name that is up, as it was brought up; None when there is none.

    Raises:
        KplayError: only root may look at it.
    """
    from kplay.lab.nspawn.place import need_root

    for provider, directory in places(name).items():
        if provider == "nspawn":
            # The lab's directory, its keys in it, is closed to others.
            need_root()
        if (directory / "lab.yml").is_file():
            return load(directory / "lab.yml")
    return None


def names() -> list[str]:
    """The names of all labs that are up."""
    found = set()
    for root in _roots().values():
        if root.is_dir():
            found |= {one.name for one in root.iterdir() if one.is_dir()}
    return sorted(found)


def everything() -> list[tuple[str, str, Lab | None]]:
    """Name, provider and lab of all that are up; None for a lab that only root may look at."""
    found = []
    for name in names():
        for provider in places(name):
            try:
                lab = standing(name)
            except KplayError:
                lab = None
            found.append((name, provider, lab))
    return found


def with_host(host: str, meant: Lab | None = None) -> Lab:
    """The lab that is meant as it stands, or without one the only one that has such a host.

    Raises:
        InputError: there is no such host, or several labs have one.
        NotUpError: the lab is not up.
        KplayError: only root may look at it.
    """
    labs, closed = [], None
    for one in names() if meant is None else [meant.name]:
        try:
            lab = standing(one)
        except KplayError as error:
            closed = error
        else:
            labs += [lab] if lab is not None else []
    found = [lab for lab in labs if host in {one.name for one in lab.hosts}]
    if len(found) == 1:
        return found[0]
    if closed is not None:
        raise closed
    if found:
        message = f"several labs that are up have a host `{host}`"
        hints = [f"say which by `--lab`: {', '.join(lab.name for lab in found)}"]
    elif labs:
        hosts = sorted({one.name for lab in labs for one in lab.hosts})
        raise no_host(host, f"lab `{meant.name}`" if meant else "any lab that is up", hosts)
    else:
        raise lab_not_up(meant) if meant else no_lab_up()
    raise InputError(Diagnostic("lab-host", message, None, help=tuple(hints)))


def no_host(host: str, where: str, known: Sequence[str]) -> InputError:
    """That a lab, or all labs, have no such host, with those that they have."""
    hints = suggest(host, known) or (f"known: {', '.join(known)}",)
    return InputError(Diagnostic("lab-host", f"no host `{host}` in {where}", None, help=hints))


def _roots() -> dict[str, Path]:
    from kplay.lab.nspawn import place

    return {"nspawn": place.ROOT, "vagrant": vagrant_root()}
