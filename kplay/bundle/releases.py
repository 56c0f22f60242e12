"""Fetch files of an upstream's releases, each checked against the release's own sums.

The sums of a version are fetched once and kept in the bundle: a release does not change, and one
that does is refused.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, get_args

from kplay.bundle.collect import collect, read
from kplay.bundle.model import Artifact, BundleError, BundleInputError, Kind, hash_file
from kplay.bundle.sums import read_index, read_sums

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from kplay.bundle.components import Offer, Release
    from kplay.bundle.mirrors import Mirrors
    from kplay.bundle.sums import Listed


class Fetch(NamedTuple):
    """A file of a release that is wanted; ``part`` is what stands for {part} in its names."""

    release: Release
    offer: Offer
    version: str
    part: str = ""

    @property
    def name(self) -> str:
        """The artifact's."""
        return self.offer.name.format(part=self.part)

    @property
    def files(self) -> list[str]:
        """Names at the release, the best first."""
        return [one.format(part=self.part) for one in self.offer.files]


class Fetcher:
    """Fetches into ``folder``, a list's folder of the bundle in ``root``.

    ``known`` are artifacts that the bundle has or had: what they were, they must stay.
    """

    def __init__(
        self,
        root: Path,
        folder: Path,
        known: Iterable[Artifact],
        mirrors: Mirrors,
        say: Callable[[str, str], None],
    ) -> None:
        self._root = root
        self._folder = folder
        self._known = {one.path: one for one in known}
        self._mirrors = mirrors
        self._say = say
        self._lists: dict[tuple[str, str], dict[str, Listed]] = {}

    def standing(self, fetch: Fetch) -> list[Artifact]:
        """The artifact with its release's sums, when the bundle has it as it was fetched."""
        for one in self._known.values():
            mine = (self._root / one.path).is_relative_to(self._folder)
            if mine and (one.name, one.version) == (fetch.name, fetch.version):
                return [one, *self._sums(fetch)] if self._intact(one) else []
        return []

    def compare(self, found: Iterable[Artifact], source: object) -> None:
        """Refuse files of another bundle that are not what this one has had.

        Raises:
            BundleError: one is not.
        """
        for one in found:
            before = self._known.get(one.path)
            if before is not None and before.sha256 != one.sha256:
                raise _changed(str(source), one.version, one.sha256, before.sha256)

    def _sums(self, fetch: Fetch) -> list[Artifact]:
        sums = self._known.get(self._sums_path(fetch))
        return [sums] if sums is not None and self._intact(sums) else []

    def _intact(self, one: Artifact) -> bool:
        file = self._root / one.path
        return file.is_file() and file.stat().st_size == one.size and hash_file(file) == one.sha256

    def fetch(self, fetch: Fetch) -> list[Artifact]:
        """Fetch one file, with the sums of its release; gives both.

        Raises:
            BundleError: there is no such release or file, its server does not answer, it is not
                what the sums say, or the sums are not what they were.
        """
        if fetch.offer.kind not in get_args(Kind):
            raise BundleInputError(f"{fetch.name} is of unknown kind {fetch.offer.kind!r}")
        listed = self._listed(fetch)
        found = next((listed[one] for one in fetch.files if one in listed), None)
        if found is None:
            raise BundleError(
                f"release {fetch.version} of {fetch.release.name} has no "
                f"{' nor '.join(fetch.files)}"
            )
        target = self._folder / fetch.version / found.name
        place = self._mirrors.file(fetch.release, fetch.version, found.name)
        if found.link:
            place = self._mirrors.linked(fetch.release, found.link)
        self._compare(fetch, found, place.url)
        if not self._linked(found.sha256, target):
            say = partial(self._say, fetch.name)
            collect(place.url, found.sha256, target, say, plain=place.named)
        kind: Kind = fetch.offer.kind  # type: ignore[assignment]  # checked above
        made = self._artifact(fetch.name, kind, target, fetch.version, place.url)
        return [made, *self._sums(fetch)]

    def _linked(self, sha256: str, target: Path) -> bool:
        """Link a file that another release has too, as archives of images often are the same."""
        for one in self._known.values():
            file = self._root / one.path
            if one.sha256 == sha256 and file != target and self._intact(one):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.unlink(missing_ok=True)
                try:
                    target.hardlink_to(file)
                except OSError:  # a file system without links
                    return False
                return True
        return False

    def _artifact(self, name: str, kind: Kind, file: Path, version: str, source: str) -> Artifact:
        path = file.relative_to(self._root).as_posix()
        made = Artifact(name, kind, path, hash_file(file), file.stat().st_size, version, source)
        self._known[path] = made
        return made

    def _compare(self, fetch: Fetch, found: Listed, url: str) -> None:
        """Refuse a sum that is not the one by which the bundle has had the file."""
        path = (self._folder / fetch.version / found.name).relative_to(self._root).as_posix()
        before = self._known.get(path)
        if before is not None and before.sha256 != found.sha256:
            raise _changed(url, fetch.version, found.sha256, before.sha256)

    def _sums_path(self, fetch: Fetch) -> str:
        if not fetch.release.sums:
            return ""
        file = self._folder / fetch.version / fetch.release.sums
        return file.relative_to(self._root).as_posix()

    def _listed(self, fetch: Fetch) -> dict[str, Listed]:
        key = (fetch.release.name, fetch.version)
        if key not in self._lists:
            self._lists[key] = self._kept(fetch) or self._fresh(fetch)
        return self._lists[key]

    def _kept(self, fetch: Fetch) -> dict[str, Listed] | None:
        """The sums in the bundle, where they list the file."""
        for sums in self._sums(fetch):
            listed = read_sums((self._root / sums.path).read_text(encoding="utf-8"))
            if any(one in listed for one in fetch.files):
                return listed
        return None

    def _fresh(self, fetch: Fetch) -> dict[str, Listed]:
        release, version = fetch.release, fetch.version
        if release.index:
            base = self._mirrors.base(release)
            url = f"{base.url}/{release.index}"
            self._announce(fetch, url)
            return read_index(read(url, plain=base.named), version, url)
        place = self._mirrors.file(release, version, release.sums)
        self._announce(fetch, place.url)
        data = read(place.url, plain=place.named)
        listed = read_sums(data.decode("utf-8", "replace"))
        if not listed:
            raise BundleError(f"{place.url} has no line `<sha256>  <file>`")
        target = self._folder / version / release.sums
        for name, one in self._before(fetch).items():
            if name in listed and listed[name].sha256 != one:
                raise _changed(place.url, version, listed[name].sha256, one)
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.new")
        draft.write_bytes(data)
        draft.replace(target)
        self._artifact(f"{release.name}-sums", "index", target, version, place.url)
        return listed

    def _announce(self, fetch: Fetch, url: str) -> None:
        self._say(fetch.name, f"reading {url}")
        if url.startswith("http://") and not url.startswith("http://127."):
            said = "these sums come over http: nothing but the network vouches for them"
            self._say(fetch.name, said)

    def _before(self, fetch: Fetch) -> dict[str, str]:
        """By file, the SHA-256 that the version's files have or were listed with."""
        found: dict[str, str] = {}
        for sums in self._sums(fetch):
            text = (self._root / sums.path).read_text(encoding="utf-8")
            found = {name: one.sha256 for name, one in read_sums(text).items()}
        for one in self._known.values():
            file = self._root / one.path
            if file.parent == self._folder / fetch.version and one.kind != "index":
                found[file.name] = one.sha256
        return found


def _changed(url: str, version: str, now: str, before: str) -> BundleError:
    return BundleError(
        f"{url} lists SHA-256 {now} for what was {before} in release {version} before: a release "
        "does not change; ask its publisher, or build into another directory"
    )
