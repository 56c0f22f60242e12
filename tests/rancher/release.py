"""A tree of releases of K3s and RKE2 as upstream's release pages have them, made of the double.

``KPLAY_RELEASES=DIR`` names a tree of upstream's own files instead: nothing is built then.

    k3s/VERSION/{k3s,k3s-airgap-images-amd64.tar.gz,sha256sum-amd64.txt}
    rke2/VERSION/{rke2.linux-amd64.tar.gz,rke2-images-….linux-amd64.tar.gz,sha256sum-amd64.txt}
    channels/{k3s,rke2}/CHANNEL     a file that holds the version which the channel is at
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import payload

from kplay.bundle.ledger import exclusive
from kplay.bundle.model import hash_file
from kplay.bundle.place import cache_root

if TYPE_CHECKING:
    from collections.abc import Callable

    Say = Callable[[str], None]

HERE = Path(__file__).parent
KEPT = 2  # trees in the cache, beside those that somebody may be using
UNUSED = 24 * 3600.0  # seconds without use after which a tree may go
CHANNELS = ("stable", "latest", "v1.36")
CNI = ("calico", "canal", "cilium", "flannel")
"""The networks that RKE2 has an archive of images for; the double runs flannel for each."""


@dataclass(frozen=True)
class Releases:
    """Where the tree is, and its versions of each distribution, the oldest first."""

    tree: Path
    k3s: tuple[str, ...]
    rke2: tuple[str, ...]
    double: bool


def releases(say: Say) -> Releases:
    """Give the tree, building what the cache lacks; ``say`` is told what is done."""
    if given := os.environ.get("KPLAY_RELEASES"):
        return read_tree(Path(given).resolve(), double=False)
    parts = payload.Parts(say)
    cache = cache_root() / "doubles"
    cache.mkdir(parents=True, exist_ok=True)
    tree = cache / f"releases-{digest(parts)}"
    with exclusive(cache / ".lock", lambda: say("waiting for another build of the double")):
        if not tree.is_dir():
            with tempfile.TemporaryDirectory(dir=cache, prefix=".draft-") as draft:
                build(parts, Path(draft, "tree"), say)
                Path(draft, "tree").rename(tree)
        tree.touch()
        drop_old(cache)
    return read_tree(tree, double=True)


def drop_old(cache: Path) -> None:
    """Remove trees that have not been used for a day, but for the newest."""
    used = {one: one.stat().st_mtime for one in cache.glob("releases-*")}
    for one in sorted(used, key=used.__getitem__)[:-KEPT]:
        if time.time() - used[one] > UNUSED:
            shutil.rmtree(one)


def read_tree(tree: Path, *, double: bool) -> Releases:
    found = {
        name: tuple(sorted(one.name for one in (tree / name).glob("v*") if one.is_dir()))
        for name in ("k3s", "rke2")
    }
    if not any(found.values()):
        raise FileNotFoundError(f"{tree} holds no release: expected k3s/VERSION or rke2/VERSION")
    return Releases(tree, found["k3s"], found["rke2"], double)


def digest(parts: payload.Parts) -> str:
    """Name a tree by all that goes into it."""
    hashed = hashlib.sha256(parts.digest.encode())
    files = [*HERE.glob("double/**/*"), *HERE.glob("rke2/**/*"), Path(__file__)]
    for file in sorted(files):
        if file.is_file() and not file.name.endswith(("_test.go", ".md")):
            hashed.update(f"\0{file.relative_to(HERE)}\0".encode() + file.read_bytes())
    return hashed.hexdigest()[:16]


def build(parts: payload.Parts, tree: Path, say: Say) -> None:
    packed = parts.pack()
    images = ("pause", "coredns", "web")
    core = parts.archive("images-core", images)
    network = parts.archive("images-cni", ("flannel",))
    whole = parts.archive("images-all", (*images, "flannel"))
    for number in (1, 2):
        version = f"{parts.kubernetes}+k3s{number}"
        place = tree / "k3s" / version
        place.mkdir(parents=True)
        say(f"building k3s {version}")
        parts.program("k3s", version, packed, place / "k3s")
        link(core, place / "k3s-airgap-images-amd64.tar.gz")
        sums(place)
    for number in (1, 2):
        version = f"{parts.kubernetes}+rke2r{number}"
        place = tree / "rke2" / version
        place.mkdir(parents=True)
        say(f"building rke2 {version}")
        with tempfile.TemporaryDirectory(dir=tree) as scratch:
            program = Path(scratch, "rke2")
            parts.program("rke2", version, packed, program)
            payload.tarball(place / "rke2.linux-amd64.tar.gz", HERE / "rke2", program)
        link(core, place / "rke2-images-core.linux-amd64.tar.gz")
        link(whole, place / "rke2-images.linux-amd64.tar.gz")
        for cni in CNI:
            link(network, place / f"rke2-images-{cni}.linux-amd64.tar.gz")
        sums(place)
    for name in ("k3s", "rke2"):
        older, newer = sorted(one.name for one in (tree / name).iterdir())
        for channel in CHANNELS:
            file = tree / "channels" / name / channel
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{older if channel == 'stable' else newer}\n", encoding="utf-8")


def link(source: Path, target: Path) -> None:
    target.hardlink_to(source)


def sums(place: Path) -> None:
    """Write the release's list of digests, as sha256sum prints them."""
    known: dict[tuple[int, int], str] = {}
    lines = []
    for file in sorted(place.iterdir()):
        at = (file.stat().st_dev, file.stat().st_ino)
        known[at] = known.get(at) or hash_file(file)
        lines.append(f"{known[at]}  {file.name}\n")
    (place / "sha256sum-amd64.txt").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.stdout.write(f"{releases(lambda text: sys.stderr.write(text + chr(10)) and None).tree}\n")
