"""Make the parts of one component list: downloads, programs, charts, packages, images, releases.

What was made is noted as soon as it is there, so that a build that was cut off goes on where it
was; a part is made anew when its definition, what it is made of, or one of its files changed.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, get_args

from kplay.bundle.charts import pack_chart
from kplay.bundle.collect import collect
from kplay.bundle.components import fingerprint
from kplay.bundle.images import ImageMaker
from kplay.bundle.ledger import Ledger
from kplay.bundle.model import Artifact, BundleInputError, Kind, hash_file
from kplay.bundle.packages import Apt, gather, require_release, write_index
from kplay.bundle.place import cache_root
from kplay.bundle.programs import build_program, download_module
from kplay.bundle.releases import Fetcher
from kplay.bundle.toolchain import environment, provide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from kplay.bundle.components import Chart, Download, Image, Program
    from kplay.bundle.mirrors import Mirrors
    from kplay.bundle.orders import Order

    Progress = Callable[[str, str], None]

LEDGER = ".ledger.json"
_RELEASE = "release"  # the key of files of releases: what they are their sums say
_PUBLISHED = "bin/"  # outputs of programs below it are in the bundle, others only in images


class Build:
    """One run over a component list, for the bundle in ``root``.

    What is of kubernetes.yml lies in the bundle itself, what is of another list in its folder.
    ``reuse`` is another bundle, whose parts are taken where they are the same.
    """

    def __init__(
        self, order: Order, root: Path, progress: Progress, reuse: Path | None = None
    ) -> None:
        self._order = order
        self._components = order.listed
        self._root = root
        self._directory = root / order.listed.name
        self._progress = progress
        self._work = self._directory / ".work"
        self._ledger = Ledger(self._directory / LEDGER, root)
        self._others = Ledger(reuse / order.listed.name / LEDGER, reuse) if reuse else None
        self._compiled: set[str] = set()

    def run(self) -> list[Artifact]:
        """Make every part that is not there; give all artifacts, in the order made.

        Raises:
            BundleError, BundleInputError, CommandError, OSError: as ``assemble.build`` says.
        """
        listed = self._components
        self._work.mkdir(parents=True, exist_ok=True)
        made: list[Artifact] = []
        for download in listed.downloads:
            key = fingerprint(download)
            made += self._part(download.name, key, partial(self._collect, download))
        for program in listed.programs:
            if any(output.startswith(_PUBLISHED) for output in program.outputs):
                made += self._part(program.name, self._key(program), partial(self._bin, program))
        for chart in listed.charts:
            made += self._part(chart.name, fingerprint(chart), partial(self._chart, chart))
        return made + self._packages_and_images()

    def fetch(self, known: Iterable[Artifact], mirrors: Mirrors) -> list[Artifact]:
        """Fetch the files of releases that are not there; ``known`` are those of before."""
        noted = [*known, *self._ledger.artifacts()]
        fetcher = Fetcher(self._root, self._directory, noted, mirrors, self._progress)
        made: list[Artifact] = []
        for one in self._order.fetches:
            part = f"{one.name} {one.version}"
            standing = fetcher.standing(one)
            if standing:
                self._progress(part, "already there")
                made += standing
                continue
            if self._others is not None:
                fetcher.compare(self._others.find(part, _RELEASE) or (), self._others)
            found = self._linked(part, _RELEASE)
            if found is None:
                found = fetcher.fetch(one)
                self._ledger.note(part, _RELEASE, found)
                self._progress(part, f"done, {found[0].size / 1e6:.1f} MB")
            made += found
        return made

    def _packages_and_images(self) -> list[Artifact]:
        listed = self._components
        made: list[Artifact] = []
        archives = dict.fromkeys(one.archive or one.name for one in listed.images)
        archives = {one: None for one in archives if self._wanted(f"images/{one}.tar")}
        chosen = [one for one in listed.images if (one.archive or one.name) in archives]
        bundled = sorted({name for image in listed.images for name in image.packages})
        key = fingerprint(listed.distribution, listed.packages, bundled)
        packages: list[Artifact] = []
        if any(one.packages for one in chosen) or (listed.packages and self._wanted("packages")):
            packages = self._part("packages", key, partial(self._gather, bundled))
        named = {one.name: one for one in packages}
        maker = ImageMaker(
            self._output,
            {name: self._root / one.path for name, one in named.items()},
            self._work,
            partial(self._progress, "images"),
        )
        for archive in archives:
            images = [one for one in listed.images if (one.archive or one.name) == archive]
            files = {file for one in images for file in one.files.values()}
            programs = {listed.program_of(one).name for one in files}
            keys = [self._key(one) for one in listed.programs if one.name in programs]
            digests = [named[name].sha256 for one in images for name in one.packages]
            key = fingerprint(listed.repository, images, keys, digests)
            make = partial(self._images, archive, images, maker)
            made += self._part(f"images/{archive}.tar", key, make)
        return made + packages

    def _wanted(self, part: str) -> bool:
        return self._order.whole or part in self._order.parts

    def _part(self, name: str, key: str, make: Callable[[], list[Artifact]]) -> list[Artifact]:
        if not self._wanted(name) and name != "packages":
            return []
        found = self._ledger.find(name, key)
        if found is not None:
            self._progress(name, "already there")
            return found
        found = self._linked(name, key)
        if found is not None:
            return found
        self._ledger.part_from_others(name)
        made = make()
        self._ledger.note(name, key, made)
        sizes = {one.path: one.size for one in made}  # images of an archive share its file
        self._progress(name, f"done, {sum(sizes.values()) / 1e6:.1f} MB")
        return made

    def _linked(self, name: str, key: str) -> list[Artifact] | None:
        """Take a part from the other bundle, if it has the same one, without a second copy."""
        found = self._others.take(name, key, self._root) if self._others is not None else None
        if found is not None:
            self._ledger.note(name, key, found)
            self._progress(name, f"taken from {self._others}")
        return found

    def _key(self, program: Program) -> str:
        """Say what a program's bytes depend on: its definition, our sources and the toolchain."""
        root = self._components.root
        ours = [program.source] if program.source else list(program.add.values())
        files = [file for one in ours for file in sorted((root / one).rglob("*.go"))]
        return fingerprint(program, self._components.toolchain, [hash_file(file) for file in files])

    def _artifact(self, name: str, kind: Kind, path: Path, version: str, source: str) -> Artifact:
        inside = path.relative_to(self._root).as_posix()
        return Artifact(name, kind, inside, hash_file(path), path.stat().st_size, version, source)

    def _collect(self, download: Download) -> list[Artifact]:
        if download.kind not in get_args(Kind):
            raise BundleInputError(f"{download.name} is of unknown kind {download.kind!r}")
        target = self._directory / download.path
        collect(download.url, download.sha256, target, partial(self._progress, download.name))
        kind: Kind = download.kind  # type: ignore[assignment]  # checked above
        return [self._artifact(download.name, kind, target, download.version, download.url)]

    def _output(self, output: str) -> Path:
        """Give the file of a program's output, building the program if it is not there."""
        program = self._components.program_of(output)
        place = self._directory if output.startswith(_PUBLISHED) else self._work
        if not output.startswith(_PUBLISHED) and program.name not in self._compiled:
            self._compile(program)
        return place / output

    def _compile(self, program: Program) -> None:
        say = partial(self._progress, program.name)
        root = provide(self._components.toolchain, cache_root() / "toolchains", say)
        build_program(
            program,
            root=self._components.root,
            target=self._work,
            environment=environment(root),
            say=say,
        )
        self._compiled.add(program.name)

    def _bin(self, program: Program) -> list[Artifact]:
        self._compile(program)
        source = f"{program.module or program.source}@{program.version}"
        made = []
        for output in program.outputs:
            if output.startswith(_PUBLISHED):
                target = self._directory / output
                target.parent.mkdir(parents=True, exist_ok=True)
                (self._work / output).replace(target)
                name = output.removeprefix(_PUBLISHED)
                made.append(self._artifact(name, "binary", target, program.version, source))
        return made

    def _chart(self, chart: Chart) -> list[Artifact]:
        say = partial(self._progress, chart.name)
        root = provide(self._components.toolchain, cache_root() / "toolchains", say)
        say(f"fetching {chart.module} {chart.version}")
        archive = download_module(chart, self._work, environment(root), say)
        target = self._directory / "charts" / f"{chart.name}-{chart.version}.tgz"
        pack_chart(chart, archive, target)
        source = f"{chart.module}@{chart.version}"
        return [self._artifact(chart.name, "chart", target, chart.version, source)]

    def _gather(self, bundled: Iterable[str]) -> list[Artifact]:
        say = partial(self._progress, "packages")
        release = self._components.distribution
        require_release(release)
        target = self._directory / "packages"
        apt = Apt(self._work / "apt", say)
        hosts, images = gather(self._components.packages, bundled, target, apt)
        made = [
            self._artifact(one.name, "package", one.file, one.version, f"Debian {release}")
            for one in [*hosts, *images]
        ]
        if not self._components.packages:
            return made
        index = write_index(target, [one.file for one in hosts], say)
        return [*made, self._artifact("Packages", "index", index, release, "kplay")]

    def _images(self, archive: str, images: list[Image], maker: ImageMaker) -> list[Artifact]:
        repository = self._components.repository
        target = self._directory / "images" / f"{archive}.tar"
        named = {f"{repository}/{one.name}:{one.tag}": one for one in images}
        made = []
        for (reference, image), digest in zip(
            named.items(), maker.make(named, target), strict=True
        ):
            parts = {self._components.program_of(one).name for one in image.files.values()}
            source = ", ".join(sorted(parts | set(image.packages)))
            one = self._artifact(image.name, "image", target, image.tag, source)
            made.append(replace(one, reference=reference, digest=f"sha256:{digest}"))
        return made
