"""What the double is made of: our bundle's programs behind a Go program, and images beside it.

Each part is kept in the cache under a digest of what it is made of, so that a change of the double
itself costs one build of a small program.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import struct
import subprocess
import tarfile
import tempfile
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kplay.bundle.assemble import build as build_bundle
from kplay.bundle.components import Program, load_components
from kplay.bundle.model import BundleInputError, hash_file, load_lock
from kplay.bundle.oci import Entry, write_layer
from kplay.bundle.place import cache_root, default_directory
from kplay.bundle.programs import build_program
from kplay.bundle.toolchain import environment, provide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HERE = Path(__file__).parent
MAGIC = b"kplay-double-payload"  # as in double/payload.go
ROLES = (
    "kubectl", "kubelet", "kube-apiserver", "kube-controller-manager", "kube-proxy",
    "kube-scheduler",
)  # fmt: skip
PLAIN = ("containerd", "containerd-shim-runc-v2", "crictl", "ctr", "etcdctl")
KINE = Program(
    name="kine",
    version="v0.17.5",
    module="github.com/k3s-io/kine",
    sum="h1:QHFCxnRqLvpstdUE86BAUCPiJjOxxV3mBe6pb/fOeYQ=",
    outputs={"kine": "."},
)
"""What K3s keeps a single server's data in SQLite with, as a program of its own."""
ETCDUTL_SUM = "h1:5YolVcLplhVwSR7IXemN7kBpx/L4qHAmyNc+iW+PL/k="  # of v3.6.8, as in go.sum
_FAST = 1  # gzip's level where nearly all is compressed already


class Parts:
    """The parts of a tree of releases, made when they are asked for."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.components = load_components()
        self.kubernetes = self.components.kubernetes
        self.bundle = default_directory()
        self.cache = cache_root() / "doubles" / "parts"
        self.cache.mkdir(parents=True, exist_ok=True)

    @cached_property
    def digest(self) -> str:
        """Of the bundle, of our own change to Kubernetes' version, and of this file."""
        try:
            lock = load_lock(self.bundle)
        except BundleInputError:
            self.say("building the bundle")
            lock = build_bundle(self.bundle, progress=lambda part, what: None)
        hashed = hashlib.sha256("".join(one.sha256 for one in lock.artifacts).encode())
        for file in (Path(__file__), HERE / "kube" / "version.go"):
            hashed.update(file.read_bytes())
        return hashed.hexdigest()

    def _part(self, name: str, make: Callable[[Path], None]) -> Path:
        part = self.cache / f"{name}-{self.digest[:16]}"
        if not part.exists():
            for old in self.cache.glob(f"{name}-*"):
                old.unlink()
            with tempfile.TemporaryDirectory(dir=self.cache) as scratch:
                draft = Path(scratch, "part")
                make(draft)
                draft.rename(part)
        return part

    @cached_property
    def _go(self) -> dict[str, str]:
        root = provide(self.components.toolchain, cache_root() / "toolchains", self.say)
        return environment(root)

    def kube(self) -> Path:
        """Kubernetes' programs in one, as in the bundle, that report the version they are told."""
        return self._part("kube", self._link_kube)

    def _link_kube(self, target: Path) -> None:
        self.say("linking Kubernetes' programs")
        listed = next(one for one in self.components.programs if one.name == "kube")
        with tempfile.TemporaryDirectory(dir=self.cache) as scratch:
            sources = Path(scratch, "kube")
            shutil.copytree(self.components.root / "go" / "kube", sources)
            shutil.copy2(HERE / "kube" / "version.go", sources)
            self._compile(replace(listed, add={"cmd/kube": "kube"}), Path(scratch), target)

    def kine(self) -> Path:
        return self._part("kine", self._build_kine)

    def _build_kine(self, target: Path) -> None:
        self.say("building kine")
        self._compile(KINE, HERE, target)

    def _compile(self, program: Program, root: Path, target: Path) -> None:
        """Build a program's only output at ``target``; ``root`` holds what it adds."""
        output = next(iter(program.outputs))
        with tempfile.TemporaryDirectory(dir=self.cache) as made:
            build_program(
                program, root=root, target=Path(made), environment=self._go, say=lambda _line: None
            )
            Path(made, output).rename(target)

    def etcdutl(self) -> Path:
        """What restores a snapshot of etcd, of the etcd in the bundle."""
        return self._part("etcdutl", self._build_etcdutl)

    def _build_etcdutl(self, target: Path) -> None:
        self.say("building etcdutl")
        listed = next(one for one in self.components.programs if one.name == "etcdctl")
        program = replace(
            listed,
            name="etcdutl",
            module="go.etcd.io/etcd/etcdutl/v3",
            sum=ETCDUTL_SUM,
            outputs={"etcdutl": "."},
        )
        with tempfile.TemporaryDirectory(dir=self.cache) as scratch:
            made = Path(scratch, "made")
            made.mkdir()
            quiet = lambda _line: None  # noqa: E731
            build_program(program, root=Path(scratch), target=made, environment=self._go, say=quiet)
            (made / "etcdutl").rename(target)

    def pack(self) -> Path:
        """The programs that the double runs, as a gzip-compressed tar."""
        return self._part("payload", self._pack)

    def _pack(self, target: Path) -> None:
        self.say("packing the programs")
        with tempfile.TemporaryDirectory(dir=self.cache) as scratch:
            place = Path(scratch)
            layers(self.bundle / "images" / "etcd.tar", ["usr/local/bin/etcd"], place)
            layers(self.bundle / "images" / "flannel.tar", ["opt/bin/flanneld"], place)
            package = next((self.bundle / "packages").glob("runc_*.deb"))
            subprocess.run(["dpkg-deb", "--extract", package, place], check=True)
            files = {name: self.bundle / "bin" / name for name in PLAIN}
            files |= {f"cni/{one.name}": one for one in (self.bundle / "bin/cni").iterdir()}
            files |= {
                "etcd": place / "usr/local/bin/etcd",
                "etcdutl": self.etcdutl(),
                "flanneld": place / "opt/bin/flanneld",
                "kine": self.kine(),
                "kube": self.kube(),
                "runc": place / "usr/sbin/runc",
            }
            tree = {f"bin/{name}": Entry(0o755, file) for name, file in files.items()}
            tree |= {f"bin/{name}": Entry(link="kube") for name in ROLES}
            write_layer(target, tree)

    def program(self, name: str, version: str, packed: Path, target: Path) -> None:
        """Write the double of a distribution's release, with the programs that it runs."""
        flags = f"-s -w -buildid= -X main.name={name} -X main.version={version}"
        argv = ["go", "build", "-trimpath", f"-ldflags={flags}", "-o", str(target), "."]
        readonly = self._go | {"GOFLAGS": "-mod=readonly -buildvcs=false"}
        subprocess.run(argv, cwd=HERE / "double", env=readonly, check=True)
        with target.open("ab") as whole, packed.open("rb") as source:
            shutil.copyfileobj(source, whole, 1 << 20)
            length = struct.pack(">Q", packed.stat().st_size)
            whole.write(hash_file(packed).encode() + length + MAGIC)

    def archive(self, name: str, images: Iterable[str]) -> Path:
        """Images of the bundle in one OCI layout, as a gzip-compressed tar."""
        paths = [self.bundle / "images" / f"{one}.tar" for one in images]
        return self._part(name, lambda target: merge(target, paths))


def layers(image: Path, wanted: list[str], place: Path) -> None:
    """Lay files of an image's layers below ``place``."""
    missing = set(wanted)
    with tarfile.open(image) as outer:
        for name in outer.getnames():
            blob = outer.extractfile(name) if name.startswith("blobs/sha256/") else None
            if blob is None or blob.peek(2)[:2] != b"\x1f\x8b":  # type: ignore[attr-defined]
                continue
            with tarfile.open(fileobj=blob, mode="r|gz") as layer:
                for one in layer:
                    if one.name in missing:
                        missing.remove(one.name)
                        layer.extract(one, place, filter="data")
    if missing:
        raise FileNotFoundError(f"{image} lacks {', '.join(sorted(missing))}")


def merge(target: Path, archives: list[Path]) -> None:
    """Make one OCI layout of several; what they share is there once."""
    manifests, seen = [], set()
    with (
        target.open("wb") as file,
        gzip.GzipFile("", "wb", _FAST, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.GNU_FORMAT) as whole,
    ):
        for path in archives:
            with tarfile.open(path) as one:
                for info in one:
                    content = one.extractfile(info)
                    if info.name == "index.json" and content is not None:
                        manifests += json.load(content)["manifests"]
                    elif info.name not in seen:
                        seen.add(info.name)
                        whole.addfile(info, content)
        document = {"schemaVersion": 2, "manifests": manifests}
        document["mediaType"] = "application/vnd.oci.image.index.v1+json"
        _add(whole, "index.json", json.dumps(document).encode())


def tarball(target: Path, files: Path, program: Path) -> None:
    """Write RKE2's tarball: upstream's layout, with our own files below ``files``."""
    with (
        target.open("wb") as file,
        gzip.GzipFile("", "wb", _FAST, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.GNU_FORMAT) as whole,
    ):
        for path in sorted(files.rglob("*")):
            name = path.relative_to(files).as_posix()
            if path.is_dir():
                info = tarfile.TarInfo(name)
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                whole.addfile(info)
            else:
                _add(whole, name, path.read_bytes(), 0o755 if name.startswith("bin/") else 0o644)
        with program.open("rb") as source:
            _add(whole, "bin/rke2", source, 0o755)


def _add(
    archive: tarfile.TarFile, name: str, content: bytes | IO[bytes], mode: int = 0o644
) -> None:
    info = tarfile.TarInfo(name)
    info.mode = mode
    if isinstance(content, bytes):
        info.size, content = len(content), io.BytesIO(content)
    else:
        info.size = content.seek(0, io.SEEK_END)
        content.seek(0)
    archive.addfile(info, content)
