"""Where a site serves releases itself, in place of their upstreams."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urljoin

from kplay.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kplay.bundle.components import Release

_NAMED = re.compile(r"([a-z0-9-]+)=(.*)", re.DOTALL)


class Place(NamedTuple):
    """A URL, and whether the user named its server: then it may be asked over http."""

    url: str
    named: bool


class Mirrors:
    """Base URLs by the release's name in a component list; the empty name is for all others.

    Under the base of all lies a folder for each release, by its name.
    """

    def __init__(self, bases: Mapping[str, str]) -> None:
        self._bases = bases

    @classmethod
    def of(cls, given: Iterable[str], known: Iterable[str]) -> Mirrors:
        """From ``NAME=URL`` and ``URL`` of a command line.

        Raises:
            UsageError: it is no URL of http, or no release goes by the name.
        """
        bases: dict[str, str] = {}
        names = sorted(known)
        for text in given:
            found = _NAMED.fullmatch(text)
            name, url = (found[1], found[2]) if found else ("", text)
            if name and name not in names:
                raise UsageError(f"`--mirror {text}`: no release `{name}`, only {', '.join(names)}")
            if not url.startswith(("https://", "http://")):
                raise UsageError(f"`--mirror {text}` wants [NAME=]URL, with https or http")
            bases[name] = url.rstrip("/")
        return cls(bases)

    def base(self, release: Release) -> Place:
        """Where a release's versions lie."""
        if release.name in self._bases:
            return Place(self._bases[release.name], named=True)
        if "" in self._bases:
            return Place(f"{self._bases['']}/{release.name}", named=True)
        return Place(release.url, named=False)

    def file(self, release: Release, version: str, name: str) -> Place:
        """Where a file of one version lies; ``+`` in a version is spelled %2B."""
        base = self.base(release)
        number = version.removeprefix("v")
        directory = release.directory.format(version=version, number=number, name=release.name)
        parts = [one for one in (*directory.split("/"), name) if one]
        return base._replace(url="/".join([base.url, *(quote(one, safe="") for one in parts)]))

    def linked(self, release: Release, link: str) -> Place:
        """Where a link of a chart repository's index leads: its own site is the mirror's, too."""
        base = self.base(release)
        if base.named and link.startswith(f"{release.url}/"):
            link = link.removeprefix(f"{release.url}/")
        return base._replace(url=urljoin(f"{base.url}/", link))
