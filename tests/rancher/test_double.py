"""The double of K3s and RKE2 keeps its own rules: Go's tests beside its source, in seconds."""

from __future__ import annotations

import subprocess
from pathlib import Path

from kplay.bundle.components import load_components
from kplay.bundle.place import cache_root
from kplay.bundle.toolchain import environment, provide

DOUBLE = Path(__file__).parent / "double"


def test_the_double_passes_its_own_tests() -> None:
    root = provide(load_components().toolchain, cache_root() / "toolchains", print)
    done = subprocess.run(
        ["go", "test", "."],
        cwd=DOUBLE,
        env=environment(root) | {"GOFLAGS": "-mod=readonly -buildvcs=false"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_its_source_is_formatted() -> None:
    root = provide(load_components().toolchain, cache_root() / "toolchains", print)

    done = subprocess.run(
        [str(root / "bin" / "gofmt"), "-l", "."],
        cwd=DOUBLE,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == ""
