"""Make container images of the programs that were built and of the distribution's packages."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from kplay.bundle.oci import Entry, Layer, Named, Settings, write_images, write_layer
from kplay.bundle.process import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from kplay.bundle.components import Image

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ACCOUNTS = b"root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65535:65535::/:/sbin/nologin\n"


class ImageMaker:
    """Makes images, each layer once: images with the same files share its bytes.

    ``programs`` finds the file of a program's output, ``packages`` maps a package's name to its
    file, ``scratch`` keeps layers while images are made of them.
    """

    def __init__(
        self,
        programs: Callable[[str], Path],
        packages: Mapping[str, Path],
        scratch: Path,
        say: Callable[[str], None],
    ) -> None:
        self._programs = programs
        self._packages = packages
        self._scratch = scratch
        self._say = say
        self._layers: dict[str, Layer] = {}

    def make(self, images: Mapping[str, Image], target: Path) -> list[str]:
        """Write images, by their references, as one archive at ``target``.

        Returns:
            The digests of their manifests, in order.

        Raises:
            CommandError: a package cannot be unpacked.
            OSError: a program's output cannot be read.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        return write_images(target, [self._named(one, images[one]) for one in images])

    def _named(self, reference: str, image: Image) -> Named:
        layers = []
        if image.packages:
            key = repr((image.packages, image.package_links))
            layers.append(self._layer(key, lambda: self._unpacked(image)))
        layers.append(self._layer(repr((image.files, image.links)), lambda: self._built(image)))
        return Named(reference, layers, Settings(image.entrypoint, {"PATH": _PATH}, image.user))

    def _layer(self, key: str, tree: Callable[[], Mapping[str, Entry]]) -> Layer:
        if key not in self._layers:
            self._say("compressing a layer")
            file = self._scratch / f"layer-{len(self._layers)}"
            self._layers[key] = write_layer(file, tree())
        return self._layers[key]

    def _built(self, image: Image) -> Mapping[str, Entry]:
        tree = {path: Entry(0o755, self._programs(name)) for path, name in image.files.items()}
        tree |= {path: Entry(0o777, link=target) for path, target in image.links.items()}
        return tree | {"etc/passwd": Entry(0o644, _ACCOUNTS), "tmp": Entry(0o1777)}

    def _unpacked(self, image: Image) -> Mapping[str, Entry]:
        tree = read_packages((self._packages[name] for name in image.packages), self._say)
        links = image.package_links.items()
        return tree | {path: Entry(0o777, link=target) for path, target in links}


def read_packages(files: Iterable[Path], say: Callable[[str], None]) -> dict[str, Entry]:
    """Read the files of Debian packages into one tree, without documentation (/usr/share).

    Raises:
        CommandError: one is not a package.
    """
    tree: dict[str, Entry] = {}
    for file in files:
        content = run(["dpkg-deb", "--fsys-tarfile", str(file)], say=say)
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                path = member.name.removeprefix("./").rstrip("/")
                if path in {"", "."} or f"{path}/".startswith("usr/share/"):
                    continue
                if member.issym():
                    tree[path] = Entry(0o777, link=member.linkname)
                elif opened := archive.extractfile(member):  # of a hard link: what it leads to
                    tree[path] = Entry(member.mode, opened.read())
                elif member.isdir():
                    tree[path] = Entry(member.mode)
    return tree
