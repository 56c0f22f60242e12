"""Build a bundle: what is ordered of each component list, and the lock file that names it all."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

from kplay.bundle.components import OTHERS, load_components
from kplay.bundle.ledger import Ledger, exclusive
from kplay.bundle.making import LEDGER, Build
from kplay.bundle.mirrors import Mirrors
from kplay.bundle.model import BundleError, BundleInputError, Lock, load_lock, save_lock
from kplay.bundle.orders import Order
from kplay.bundle.place import default_directory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from kplay.bundle.components import Components
    from kplay.bundle.making import Progress
    from kplay.bundle.model import Artifact

_KUBERNETES = ("bin", "packages", "images")
"""Folders of what is of kubernetes.yml; every other list has one of its own name."""


def build(
    directory: Path,
    *,
    progress: Progress,
    components: Components | None = None,
    orders: Sequence[Order] | None = None,
    mirrors: Mirrors | None = None,
    prune: bool = False,
) -> Lock:
    """Make what is ordered in the bundle in ``directory``, and write its lock file.

    Without ``orders`` it is all of ``components``, by default of kubernetes.yml. What the bundle
    holds beside that stays, unless it is to ``prune``. ``progress`` is called with a part's name
    and what happens to it.

    Raises:
        BundleError: what was fetched is not what was pinned, this host is of the wrong release
            of the distribution, or its disk is full.
        BundleInputError: the component list is not one.
        CommandError: a program that the build runs failed.
    """
    if orders is None:
        orders = [Order(components or load_components(), whole=True)]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        waiting = partial(progress, "bundle", "waiting for another build")
        with exclusive(directory / ".lock", waiting):
            lock = _build(directory, orders, progress, mirrors or Mirrors({}), prune=prune)
    except OSError as error:
        raise BundleError(f"the bundle cannot be written: {error}") from error
    return lock


def _build(
    directory: Path,
    orders: Sequence[Order],
    progress: Progress,
    mirrors: Mirrors,
    *,
    prune: bool,
) -> Lock:
    before = lock_of(directory)
    listed = before.artifacts if before else ()
    default = default_directory()
    reuse = default if default.exists() and default.resolve() != directory.resolve() else None
    made: list[Artifact] = []
    kept = [] if prune else _held(directory, listed)
    kubernetes = before.kubernetes if before and not prune else ""
    for order in orders:
        building = Build(order, directory, progress, reuse)
        parts = building.run()
        kept = _beside(kept, order, parts)
        made += parts
        made += building.fetch(listed, mirrors)
        kubernetes = order.listed.kubernetes or kubernetes
    new = {one.path for one in made}
    for one in kept:
        if one.path in new:
            continue
        if (directory / one.path).is_file():
            made.append(one)
        elif one in listed:
            progress(one.name, f"{one.path} is gone, and is not in the bundle any more")
    lock = Lock(kubernetes, tuple(sorted(dict.fromkeys(made), key=lambda one: one.path)))
    if lock != before:
        save_lock(directory, lock)
    _sweep(directory, lock)
    return lock


def _held(directory: Path, listed: Iterable[Artifact]) -> list[Artifact]:
    """What the bundle holds: its lock, and what builds noted that were cut off before they had one.

    kubernetes.yml is made whole each time, so its own notes are not asked.
    """
    ledgers = (Ledger(directory / name / LEDGER, directory) for name in OTHERS)
    noted = [one for ledger in ledgers for one in ledger.artifacts()]
    paths = {one.path for one in noted}
    return [*(one for one in listed if one.path not in paths), *noted]


def lock_of(directory: Path) -> Lock | None:
    """Read the lock file of the bundle in ``directory``; None where there is no bundle yet."""
    try:
        return load_lock(directory)
    except BundleInputError:
        return None


def _beside(kept: list[Artifact], order: Order, made: Iterable[Artifact]) -> list[Artifact]:
    """What of the bundle stays beside the parts of a list, of which each has one version."""
    if not order.listed.name:
        return [one for one in kept if not one.path.startswith(tuple(f"{a}/" for a in _KUBERNETES))]
    folder, names = f"{order.listed.name}/", {one.name for one in made}
    return [one for one in kept if not (one.path.startswith(folder) and one.name in names)]


def _sweep(directory: Path, lock: Lock) -> None:
    """Remove work files, and files of an earlier build that this one does not have."""
    named = {directory / one.path for one in lock.artifacts}
    for folder in (*_KUBERNETES, *OTHERS):
        for file in (directory / folder).rglob("*"):
            ours = file.name.startswith(".") and file.suffix != ".part"
            if not file.is_dir() and file not in named and not ours:
                file.unlink()
    for place in ("", *OTHERS):
        shutil.rmtree(directory / place / ".work", ignore_errors=True)
