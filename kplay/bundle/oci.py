"""Write container images as OCI layouts in a tar, byte for byte the same from the same files.

An image is one gzip-compressed layer or several, a configuration and a manifest
(OCI image specification 1.1). Layers are built from trees described in memory, so that nothing
of the building host's ownership, clock or file order enters them.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COMPRESSION = 6  # gzip's own default: level 9 takes three times as long for 1 % on Go programs
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class Entry:
    """One path of a layer: a directory, a file or a symbolic link.

    ``content`` is the file's bytes or the path to read them from, ``link`` a link's target;
    an entry with neither is a directory. ``mode`` is the permission bits.
    """

    mode: int = 0o755
    content: bytes | Path | None = None
    link: str | None = None


@dataclass(frozen=True)
class Layer:
    """A compressed layer on disk.

    ``digest`` is the SHA-256 of the compressed file (what a manifest names), ``diff_id`` of the
    tar inside it (what a configuration names), both without the ``sha256:`` prefix; ``size`` is
    that of the compressed file in bytes.
    """

    path: Path
    digest: str
    diff_id: str
    size: int


@dataclass(frozen=True)
class Settings:
    """What a container made from the image runs, unless the pod says otherwise."""

    entrypoint: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


class _Digesting(io.RawIOBase):
    """A writer that hashes and counts what passes through it."""

    def __init__(self, below: IO[bytes] | gzip.GzipFile) -> None:
        self._below = below
        self.hash = hashlib.sha256()
        self.count = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.hash.update(data)
        self._below.write(data)
        size = memoryview(data).nbytes
        self.count += size
        return size


def write_layer(target: Path, tree: Mapping[str, Entry]) -> Layer:
    """Write ``tree`` (relative POSIX path to entry) as a gzip-compressed tar at ``target``.

    Parents that the tree does not name are added with mode 0755. Everything belongs to root
    and dates from 1970.

    Raises:
        OSError: a file of the tree cannot be read, or the target not written.
    """
    complete = dict(tree)
    for path in tree:
        for parent in PurePosixPath(path).parents:
            if str(parent) != ".":
                complete.setdefault(str(parent), Entry())
    with target.open("wb") as file:
        outer = _Digesting(file)
        with gzip.GzipFile("", "wb", _COMPRESSION, outer, mtime=0) as packed:
            inner = _Digesting(packed)
            with tarfile.open(fileobj=inner, mode="w|", format=tarfile.GNU_FORMAT) as archive:
                for path in sorted(complete):
                    _add(archive, path, complete[path])
    return Layer(target, outer.hash.hexdigest(), inner.hash.hexdigest(), outer.count)


def _add(archive: tarfile.TarFile, path: str, entry: Entry) -> None:
    info = tarfile.TarInfo(path)
    info.mode = entry.mode
    if entry.link is not None:
        info.type, info.linkname = tarfile.SYMTYPE, entry.link
        archive.addfile(info)
    elif entry.content is None:
        info.type = tarfile.DIRTYPE
        archive.addfile(info)
    elif isinstance(entry.content, bytes):
        info.size = len(entry.content)
        archive.addfile(info, io.BytesIO(entry.content))
    else:
        info.size = entry.content.stat().st_size
        with entry.content.open("rb") as source:
            archive.addfile(info, source)


@dataclass(frozen=True)
class Named:
    """An image to write: its name with a tag, its layers from the bottom up, what it runs."""

    reference: str
    layers: Sequence[Layer]
    settings: Settings


def write_images(target: Path, images: Sequence[Named]) -> list[str]:
    """Write images as one OCI layout tar, a layer that several share once.

    A name is in the index as ``io.containerd.image.name`` (what containerd imports it as) and
    as ``org.opencontainers.image.ref.name``.

    Returns:
        The digests of their manifests, in order, without the ``sha256:`` prefix.

    Raises:
        OSError: a layer cannot be read, or the target not written.
    """
    blobs: dict[str, bytes | Path] = {}
    named, digests = [], []
    for image in images:
        config = _encode(_config(image))
        manifest = _encode(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": _descriptor(_CONFIG, hashlib.sha256(config).hexdigest(), len(config)),
                "layers": [_descriptor(_LAYER, one.digest, one.size) for one in image.layers],
            }
        )
        digest = hashlib.sha256(manifest).hexdigest()
        annotations = {
            "io.containerd.image.name": image.reference,
            "org.opencontainers.image.ref.name": image.reference.rpartition(":")[2],
        }
        platform = {"architecture": "amd64", "os": "linux"}
        described = _descriptor(_MANIFEST, digest, len(manifest))
        named.append(described | {"platform": platform, "annotations": annotations})
        blobs |= {one.digest: one.path for one in image.layers}
        blobs |= {hashlib.sha256(config).hexdigest(): config, digest: manifest}
        digests.append(digest)
    with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as archive:
        layout = _encode({"imageLayoutVersion": "1.0.0"})
        index = _encode({"schemaVersion": 2, "mediaType": _INDEX, "manifests": named})
        _add(archive, "blobs", Entry())
        _add(archive, "blobs/sha256", Entry())
        for name, content in sorted(blobs.items()):
            _add(archive, f"blobs/sha256/{name}", Entry(0o644, content))
        _add(archive, "index.json", Entry(0o644, index))
        _add(archive, "oci-layout", Entry(0o644, layout))
    return digests


def _config(image: Named) -> dict[str, Any]:
    settings = image.settings
    return {
        "architecture": "amd64",
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {
            "Entrypoint": list(settings.entrypoint),
            "Env": [f"{name}={value}" for name, value in sorted(settings.environment.items())],
            "User": settings.user,
            "Labels": dict(settings.labels),
            "WorkingDir": "/",
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{one.diff_id}" for one in image.layers]},
    }


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": size}


def _encode(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
