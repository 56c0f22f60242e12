from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from kplay.bundle import packages
from kplay.bundle.components import Image
from kplay.bundle.images import ImageMaker, read_packages
from kplay.bundle.model import BundleError, hash_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CONTROL = (
    "Package: greeter\nVersion: 1.0\nArchitecture: amd64\nMaintainer: nobody\nDescription: x\n"
)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    for path, text in {
        "DEBIAN/control": CONTROL,
        "usr/bin/greet": "#!/bin/sh\n",
        "usr/share/doc/greeter/README": "long",
    }.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    (tree / "usr/bin/greet").chmod(0o755)
    (tree / "usr/bin/hello").symlink_to("greet")
    file = tmp_path / "greeter_1.0_amd64.deb"
    argv = ["dpkg-deb", "--root-owner-group", "--build", str(tree), str(file)]
    subprocess.run(argv, check=True, capture_output=True)
    return file


class FakeApt:
    """A distribution where runc needs libseccomp2 and libc6, and libc6 is on every host."""

    def __init__(self, version: str = "1") -> None:
        self._version = version

    def update(self) -> None:
        pass

    def required(self) -> list[str]:
        return ["base-files"]

    def closure(self, names: Iterable[str]) -> dict[str, str]:
        needs = {
            "runc": ["libseccomp2", "libc6"],
            "base-files": ["libc6"],
            "iptables": ["libc6"],
        }
        found = {*names, *(one for name in names for one in needs.get(name, []))}
        return dict.fromkeys(sorted(found), self._version)

    def download(self, versions: dict[str, str], target: Path) -> None:
        for name, version in versions.items():
            (target / f"{name}_{version}_amd64.deb").write_bytes(b"")


def test_what_every_host_has_is_left_out_and_only_images_get_it(tmp_path: Path) -> None:
    target = tmp_path / "packages"
    hosts, images = packages.gather(["runc"], ["libc6", "runc"], target, FakeApt())
    assert [one.name for one in hosts] == ["libseccomp2", "runc"]
    assert [one.file for one in images] == [target / "images/libc6_1_amd64.deb"]


def test_packages_of_an_earlier_build_do_not_stay(tmp_path: Path) -> None:
    target = tmp_path / "packages"
    packages.gather(["iptables"], [], target, FakeApt())
    packages.gather(["runc"], [], target, FakeApt())
    assert not list(target.glob("iptables*"))


def test_a_file_is_named_as_in_the_archive_and_its_version_has_the_epoch(tmp_path: Path) -> None:
    apt = FakeApt("1%3a2.0-1")
    hosts, _ = packages.gather(["ethtool"], [], tmp_path / "packages", apt)
    assert [(one.version, one.file.name) for one in hosts] == [
        ("1:2.0-1", "ethtool_2.0-1_amd64.deb")
    ]


def test_packages_of_another_release_are_not_gathered(tmp_path: Path) -> None:
    release = tmp_path / "os-release"
    release.write_text('NAME="Debian"\nVERSION_CODENAME=trixie\n')
    packages.require_release("trixie", release)
    with pytest.raises(BundleError, match="gathered on bookworm; this host has trixie"):
        packages.require_release("bookworm", release)
    with pytest.raises(BundleError, match="this host has no release"):
        packages.require_release("bookworm", tmp_path / "missing")


def test_the_index_makes_a_flat_repository(package: Path) -> None:
    index = packages.write_index(package.parent, [package], print)
    assert index.read_text() == (
        f"{CONTROL}Filename: ./greeter_1.0_amd64.deb\nSize: {package.stat().st_size}\n"
        f"SHA256: {hash_file(package)}\n"
    )


def test_a_package_is_read_as_files_and_links_without_documentation(package: Path) -> None:
    tree = read_packages([package], print)
    assert sorted(tree) == ["usr", "usr/bin", "usr/bin/greet", "usr/bin/hello"]
    assert tree["usr/bin/greet"].content == b"#!/bin/sh\n"
    assert tree["usr/bin/greet"].mode == 0o755
    assert tree["usr/bin/hello"].link == "greet"


def test_images_with_the_same_parts_share_their_layers(package: Path, tmp_path: Path) -> None:
    (tmp_path / "program").write_bytes(b"program")
    maker = ImageMaker(tmp_path.joinpath, {"greeter": package}, tmp_path, print)
    first = Image("a", "1", {"bin/program": "program"}, ["program"], packages=["greeter"])
    second = Image("b", "1", {"bin/program": "program"}, ["other"])
    maker.make({"example.test/a:1": first}, tmp_path / "images/a.tar")
    maker.make({"example.test/b:1": second}, tmp_path / "images/b.tar")
    assert sorted(file.name for file in tmp_path.glob("layer-*")) == ["layer-0", "layer-1"]
