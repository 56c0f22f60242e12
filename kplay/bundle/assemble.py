"""Build a bundle: programs, packages, images, and the lock file that names them all.

What was made is noted as soon as it is there, so that a build that was cut off goes on where it
was; a part is made anew when its definition, what it is made of, or one of its files changed.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, get_args

from kplay.bundle.collect import collect
from kplay.bundle.components import fingerprint, load_components
from kplay.bundle.images import ImageMaker
from kplay.bundle.ledger import Ledger, exclusive
from kplay.bundle.model import (
    Artifact,
    BundleError,
    BundleInputError,
    Kind,
    Lock,
    hash_file,
    load_lock,
    save_lock,
)
from kplay.bundle.packages import Apt, gather, require_release, write_index
from kplay.bundle.place import cache_root
from kplay.bundle.programs import build_program
from kplay.bundle.toolchain import environment, provide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from kplay.bundle.components import Components, Download, Image, Program

    Progress = Callable[[str, str], None]

_PUBLISHED = "bin/"  # outputs of programs below it are in the bundle, others only in images


def build(directory: Path, *, progress: Progress, components: Components | None = None) -> Lock:
    """Make the bundle in ``directory`` whole and write its lock file.

    ``progress`` is called with a part's name and what happens to it, often.

    Raises:
        BundleError: what was fetched is not what was pinned, this host is of the wrong release
            of the distribution, or its disk is full.
        BundleInputError: the component list is not one.
        CommandError: a program that the build runs failed.
    """
    components = components or load_components()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        waiting = partial(progress, "bundle", "waiting for another build")
        with exclusive(directory / ".lock", waiting):
            made = Build(components, directory, progress).run()
            lock = Lock(components.kubernetes, tuple(sorted(made, key=lambda one: one.path)))
            if not _is_current(directory, lock):
                save_lock(directory, lock)
            _sweep(directory, lock)
    except OSError as error:
        raise BundleError(f"the bundle cannot be written: {error}") from error
    return lock


def _is_current(directory: Path, lock: Lock) -> bool:
    try:
        return load_lock(directory) == lock
    except BundleInputError:
        return False


def _sweep(directory: Path, lock: Lock) -> None:
    """Remove work files, and files of an earlier build that this one does not have."""
    shutil.rmtree(directory / ".work", ignore_errors=True)
    named = {directory / one.path for one in lock.artifacts}
    for part in ("bin", "packages", "images"):
        for file in (directory / part).rglob("*"):
            if not file.is_dir() and file not in named:
                file.unlink()


class Build:
    """One run over a component list, in the order programs, packages, images."""

    def __init__(self, components: Components, directory: Path, progress: Progress) -> None:
        self._components = components
        self._directory = directory
        self._progress = progress
        self._work = directory / ".work"
        self._ledger = Ledger(directory / ".ledger.json", directory)
        self._compiled: set[str] = set()

    def run(self) -> list[Artifact]:
        """Make every part that is not there; give all artifacts, in the order made."""
        listed = self._components
        self._work.mkdir(exist_ok=True)
        made: list[Artifact] = []
        for download in listed.downloads:
            key = fingerprint(download)
            made += self._part(download.name, key, partial(self._collect, download))
        for program in listed.programs:
            if any(output.startswith(_PUBLISHED) for output in program.outputs):
                made += self._part(program.name, self._key(program), partial(self._bin, program))
        bundled = sorted({name for image in listed.images for name in image.packages})
        key = fingerprint(listed.distribution, listed.packages, bundled)
        packages = self._part("packages", key, partial(self._gather, bundled))
        named = {one.name: one for one in packages}
        maker = ImageMaker(
            self._output,
            {name: self._directory / one.path for name, one in named.items()},
            self._work,
            partial(self._progress, "images"),
        )
        for archive in dict.fromkeys(one.archive or one.name for one in listed.images):
            images = [one for one in listed.images if (one.archive or one.name) == archive]
            files = {file for one in images for file in one.files.values()}
            programs = {listed.program_of(one).name for one in files}
            keys = [self._key(one) for one in listed.programs if one.name in programs]
            digests = [named[name].sha256 for one in images for name in one.packages]
            key = fingerprint(listed.repository, images, keys, digests)
            make = partial(self._images, archive, images, maker)
            made += self._part(f"images/{archive}.tar", key, make)
        return made + packages

    def _part(self, name: str, key: str, make: Callable[[], list[Artifact]]) -> list[Artifact]:
        found = self._ledger.find(name, key)
        if found is not None:
            self._progress(name, "already there")
            return found
        made = make()
        self._ledger.note(name, key, made)
        self._progress(name, f"done, {sum(one.size for one in made) / 1e6:.1f} MB")
        return made

    def _key(self, program: Program) -> str:
        """Say what a program's bytes depend on: its definition, our sources and the toolchain."""
        root = self._components.root
        ours = [program.source] if program.source else list(program.add.values())
        files = [file for one in ours for file in sorted((root / one).rglob("*.go"))]
        return fingerprint(program, self._components.toolchain, [hash_file(file) for file in files])

    def _artifact(self, name: str, kind: Kind, path: Path, version: str, source: str) -> Artifact:
        inside = path.relative_to(self._directory).as_posix()
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

    def _gather(self, bundled: Iterable[str]) -> list[Artifact]:
        say = partial(self._progress, "packages")
        release = self._components.distribution
        require_release(release)
        target = self._directory / "packages"
        apt = Apt(self._work / "apt", say)
        hosts, images = gather(self._components.packages, bundled, target, apt)
        index = write_index(target, [one.file for one in hosts], say)
        made = [
            self._artifact(one.name, "package", one.file, one.version, f"Debian {release}")
            for one in [*hosts, *images]
        ]
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
