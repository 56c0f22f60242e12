"""The derived list of a bundle: what playbooks want of it, from where, and which task says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def of(
    items: Iterable[Item],
    lists: Sequence[Components],
    by_path: Sequence[Span],
    mirrors: Mirrors,
    lock: Lock | None,
) -> str:
    """An entry for each artifact: name and version, then source, digest, and where it is wanted.

    Args:
        items: what tasks name.
        lists: the component lists, of which all of the first is wanted where any of it is.
        by_path: tasks that read files of the first list by their paths.
        mirrors: where releases are fetched.
        lock: that of the bundle, where there is one: it knows digests.
    """
    named = list(items)
    lines: list[str] = []
    whole = bool(by_path) or any(not item.listed.name for item in named)
    if whole:
        for name, version, source, where in _all_of(lists[0], named, by_path):
            lines += _entry(name, version, source, _digest(lock, name, version), where)
    for item in named:
        if item.listed.name:
            digest = _digest(lock, item.name, item.version)
            lines += _entry(item.name, item.version, _source(item, mirrors), digest, _tasks(item))
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


def _entry(name: str, version: str, source: str, digest: str, where: str) -> list[str]:
    return [
        f"{name} {version}".rstrip(),
        f"    from    {source}",
        f"    digest  {digest or 'not in the bundle yet'}",
        f"    wanted  {where}",
    ]


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
    named = f"{len(hosts)} hosts" if len(hosts) > 1 else "".join(hosts)
    return f"{_places([want.span for want in item.wants])}, for {named}"


def _places(spans: Iterable[Span], named: int = _NAMED) -> str:
    places = list(dict.fromkeys(f"{span.file}:{span.line}" for span in spans))
    more = len(places) - named
    return ", ".join(places[:named]) + (f" and {more} more" if more > 0 else "")
