"""From what playbooks want to what is to be made of each component list."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from kplay.bundle.releases import Fetch
from kplay.diagnostics import Diagnostic, suggest
from kplay.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kplay.bundle.components import Components, Program
    from kplay.source import Span

_PART = r"[a-z0-9]+(?:-[a-z0-9]+)*"


class Want(NamedTuple):
    """An artifact that a task takes; no version means any."""

    name: str
    version: str
    task: str
    span: Span
    hosts: tuple[str, ...]
    hints: tuple[str, ...] = ()
    """How the version can be set, where it has none."""


class Piece(NamedTuple):
    """A file that a list pins: its name, its version, where it is from, and the part it is of."""

    name: str
    version: str
    source: str
    part: str


@dataclass(frozen=True)
class Item:
    """One artifact of the derived list, with all who want it."""

    name: str
    version: str
    listed: Components
    wants: tuple[Want, ...]
    piece: Piece | None = None
    fetch: Fetch | None = None


@dataclass
class Order:
    """What is to be made of one list: all of it, or parts of it and files of releases."""

    listed: Components
    whole: bool = False
    parts: set[str] = field(default_factory=set)
    fetches: list[Fetch] = field(default_factory=list)


def pieces(listed: Components) -> Iterator[Piece]:
    """What a list pins, in its order."""
    for download in listed.downloads:
        yield Piece(download.name, download.version, download.url, download.name)
    for program in listed.programs:
        source = _source(program)
        for output in program.outputs:
            if output.startswith("bin/"):
                yield Piece(output.removeprefix("bin/"), program.version, source, program.name)
    for chart in listed.charts:
        yield Piece(chart.name, chart.version, f"{chart.module}@{chart.version}", chart.name)
    for image in listed.images:
        archive = image.archive or image.name
        part = f"images/{archive}.tar"
        source = ", ".join(
            sorted({_source(listed.program_of(one)) for one in image.files.values()})
        )
        for name in dict.fromkeys((archive, image.name)):
            yield Piece(name, image.tag, source, part)
    for package in listed.packages:
        yield Piece(package, "", f"Debian {listed.distribution}", "packages")


def _source(program: Program) -> str:
    return f"{program.module or program.source}@{program.version}"


def resolve(wants: Iterable[Want], lists: Sequence[Components]) -> list[Item]:
    """Find every artifact in the lists; equal wants become one item, sorted by name and version.

    Raises:
        InputError: a list offers none of a name, or not of the version, or a version is to be said.
    """
    faults: list[Diagnostic] = []
    gathered: dict[str, dict[str, list[Want]]] = {}
    for want in wants:
        gathered.setdefault(want.name, {}).setdefault(want.version, []).append(want)
    items = []
    for name, versions in sorted(gathered.items()):
        if "" in versions and len(versions) == 2:
            # Any of which there is exactly one: the one that other tasks name
            any_version = versions.pop("")
            next(iter(versions.values())).extend(any_version)
        for version, same in sorted(versions.items()):
            found = _find(name, version, same, lists)
            if isinstance(found, Item):
                items.append(found)
            else:
                faults.append(found)
    if faults:
        raise InputError(faults)
    return items


def _find(
    name: str, version: str, wants: list[Want], lists: Sequence[Components]
) -> Item | Diagnostic:
    span = wants[0].span
    for listed in lists:
        for piece in pieces(listed):
            if piece.name != name:
                continue
            if version and piece.version and not _same(version, piece.version):
                message = f"the bundle's `{name}` is {piece.version}, and {version} is wanted"
                return Diagnostic("no-artifact", message, span)
            return Item(name, piece.version, listed, tuple(wants), piece)
        for release in listed.releases:
            for offer in release.artifacts:
                pattern = re.escape(offer.name).replace(r"\{part\}", f"(?P<part>{_PART})")
                found = re.fullmatch(pattern, name)
                if found is None:
                    continue
                if not version:
                    message = f"of `{name}` there are many versions, and none is said"
                    return Diagnostic("no-version", message, span, help=wants[0].hints)
                if not re.fullmatch(release.version, version):
                    message = f"`{version}` is no version of {release.name}: {release.example} is"
                    return Diagnostic("bad-version", message, span)
                fetch = Fetch(release, offer, version, found.groupdict().get("part") or "")
                return Item(name, version, listed, tuple(wants), fetch=fetch)
    known = [piece.name for listed in lists for piece in pieces(listed)]
    known += [offer.name for listed in lists for one in listed.releases for offer in one.artifacts]
    message = f"no component list of kplay has an artifact `{name}`"
    return Diagnostic("no-artifact", message, span, help=suggest(name, sorted(set(known))))


def _same(one: str, other: str) -> bool:
    return one.removeprefix("v") == other.removeprefix("v")


def orders_of(items: Iterable[Item], lists: Sequence[Components], *, by_path: bool) -> list[Order]:
    """What is to be made of each list, in the lists' order.

    ``by_path`` says that a playbook reads the bundle's files by their paths: then all of
    kubernetes.yml is wanted. Of that list nothing less is ever made.
    """
    orders = {id(listed): Order(listed, whole=by_path and not listed.name) for listed in lists}
    for item in items:
        order = orders[id(item.listed)]
        order.whole = order.whole or not item.listed.name
        if item.fetch is not None:
            order.fetches.append(item.fetch)
        elif item.piece is not None:
            order.parts.add(item.piece.part)
    return [one for one in orders.values() if one.whole or one.parts or one.fetches]
