from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from kplay.bundle import default_directory
from kplay.bundle.components import EMBEDDED, load_components
from kplay.bundle.model import BundleInputError
from kplay.bundle.place import cache_root

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(EMBEDDED.parent / "go", tmp_path / "go")
    return shutil.copy(EMBEDDED, tmp_path / "list.yml")


def test_every_file_of_an_image_is_made_by_a_program() -> None:
    listed = load_components()
    for image in listed.images:
        for output in image.files.values():
            assert listed.program_of(output)
    with pytest.raises(BundleInputError, match="no program"):
        listed.program_of("nothing")


def test_every_program_is_pinned_or_ours() -> None:
    listed = load_components()
    for program in listed.programs:
        if program.module:
            assert re.fullmatch(r"h1:[A-Za-z0-9+/]{43}=", program.sum), program.name
        else:
            assert (listed.root / program.source / "main.go").is_file()
    assert re.fullmatch(r"[0-9a-f]{64}", listed.toolchain.sha256)


def test_the_images_are_those_that_kubeadm_asks_for() -> None:
    listed = load_components()
    tags = {image.name: image.tag for image in listed.images}
    for name in ("apiserver", "controller-manager", "scheduler", "proxy"):
        assert tags[f"kube-{name}"] == listed.kubernetes
    assert {"coredns", "etcd", "pause"} <= {*tags}


def test_a_change_of_the_list_or_of_a_source_is_another_bundle(
    copied: Path, tmp_path: Path
) -> None:
    first = load_components(copied).digest
    assert first == load_components().digest
    (tmp_path / "go/web/main.go").write_text("package main\n")
    second = load_components(copied).digest
    copied.write_text(copied.read_text() + "# more\n")
    assert len({first, second, load_components(copied).digest}) == 3


@pytest.mark.parametrize("text", ["", "[", "kubernetes: v1\n", "tab:\t\t- x"])
def test_what_is_no_component_list_is_bad_input(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.yml").write_text(text)
    with pytest.raises(BundleInputError, match="component list"):
        load_components(tmp_path / "list.yml")


def test_an_unknown_field_is_bad_input(copied: Path) -> None:
    copied.write_text(copied.read_text() + "surprise: 1\n")
    with pytest.raises(BundleInputError, match="surprise"):
        load_components(copied)


def test_the_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KPLAY_CACHE", str(tmp_path / "a"))
    assert cache_root() == tmp_path / "a"
    monkeypatch.delenv("KPLAY_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "b"))
    assert cache_root() == tmp_path / "b/kplay"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "c"))
    assert cache_root() == tmp_path / "c/.cache/kplay"
    listed = load_components()
    expected = cache_root() / "bundles" / f"{listed.kubernetes}-{listed.digest[:12]}"
    assert default_directory() == expected
