"""The derived list of a bundle: what playbooks want of it, from where, and which task says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kplay.bundle.orders import Item, pieces
from kplay.report import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kplay.bundle.components import Components
    from kplay.bundle.mirrors import Mirrors
    from kplay.bundle.model import Lock
    from kplay.source import Span

_NAMED = 3
"""More places than this are counted, not named."""


class Entry(NamedTuple):
    """One artifact of the list; empty what is not known."""

    name: str
    version: str
    source: str
    digest: str
    """``sha256:…``, where the bundle has it."""
    wanted: str


def entries(
    items: Iterable[Item],
    lists: Sequence[Components],
    by_path: Sequence[Span],
    mirrors: Mirrors,
    lock: Lock | None,
) -> list[Entry]:
    """An entry for each artifact.

    Args:
        items: what tasks name.
        lists: the component lists, of which all of the first is wanted where any of it is.
        by_path: tasks that read files of the first list by their paths.
        mirrors: where releases are fetched.
        lock: that of the bundle, where there is one: it knows digests.
    """
    named = list(items)
    found: list[Entry] = []
    if by_path or any(not item.listed.name for item in named):
        found += [
            Entry(name, version, source, _digest(lock, name, version), where)
            for name, version, source, where in _all_of(lists[0], named, by_path)
        ]
    return found + [
        Entry(
            item.name,
            item.version,
            _source(item, mirrors),
            _digest(lock, item.name, item.version),
            _tasks(item),
        )
        for item in named
        if item.listed.name
    ]


def of(found: Iterable[Entry]) -> str:
    """Name and version of each, then source, digest, and where it is wanted."""
    lines = []
    for one in found:
        lines += [
            f"{one.name} {one.version}".rstrip(),
            f"    from    {one.source}",
            f"    digest  {one.digest or 'not in the bundle yet'}",
            f"    wanted  {one.wanted}",
        ]
    return "\n".join(printable.line(line) for line in lines)


def _all_of(
    listed: Components, items: Iterable[Item], by_path: Sequence[Span]
) -> Iterator[tuple[str, str, str, str]]:
    """What a list pins: name, version, source, where it is wanted."""
    tasks = {item.name: _tasks(item) for item in items if not item.listed.name}
    whole = "with all of kubernetes.yml, " + (
        f"read by its paths at {_places(by_path, 1)}" if by_path else f"for {', '.join(tasks)}"
    )
    seen = set()
    for piece in pieces(listed):
        if (piece.name, piece.part) not in seen:
            seen.add((piece.name, piece.part))
            yield piece.name, piece.version, piece.source, tasks.get(piece.name, whole)


def _source(item: Item, mirrors: Mirrors) -> str:
    if item.fetch is None:
        return item.piece.source if item.piece is not None else ""
    release = item.fetch.release
    if release.index:
        base = mirrors.base(release)
        return f"{base.url}/{release.index}, chart {' or '.join(item.fetch.files)}"
    best, *others = item.fetch.files
    url = mirrors.file(release, item.version, best).url
    return " or ".join([url, *others])


def _digest(lock: Lock | None, name: str, version: str) -> str:
    for one in lock.artifacts if lock is not None else ():
        if one.name == name and version in ("", one.version):
            return f"sha256:{one.sha256}"
    return ""


def _tasks(item: Item) -> str:
    hosts = dict.fromkeys(host for want in item.wants for host in want.hosts)
    named = f", for {len(hosts)} hosts" if len(hosts) > 1 else "".join(f", for {a}" for a in hosts)
    return _places([want.span for want in item.wants]) + named


def _places(spans: Iterable[Span], named: int = _NAMED) -> str:
    # What an option of the command line asks for has no line
    texts = (one.file if one.file.startswith("-") else f"{one.file}:{one.line}" for one in spans)
    places = list(dict.fromkeys(texts))
    more = len(places) - named
    return ", ".join(places[:named]) + (f" and {more} more" if more > 0 else "")
