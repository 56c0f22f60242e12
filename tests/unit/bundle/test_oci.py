from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from kplay.bundle.oci import Entry, Layer, Named, Settings, write_images, write_layer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    program = tmp_path / "program"
    program.write_bytes(b"bytes of a program")
    tree = {
        "usr/bin/program": Entry(0o755, program),
        "usr/bin/other": Entry(0o777, link="program"),
        "etc/motd": Entry(0o644, b"hello"),
    }
    return write_layer(tmp_path / "layer", tree)


def blobs(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {one.name: archive.extractfile(one).read() for one in archive if one.isfile()}


def test_a_layer_holds_files_links_and_their_parents_as_root_in_1970(layer: Layer) -> None:
    with tarfile.open(layer.path) as archive:
        members = archive.getmembers()
        assert archive.extractfile("usr/bin/program").read() == b"bytes of a program"
    assert [one.name for one in members] == [
        "etc",
        "etc/motd",
        "usr",
        "usr/bin",
        "usr/bin/other",
        "usr/bin/program",
    ]
    assert {(one.uid, one.gid, one.mtime) for one in members} == {(0, 0, 0)}
    assert members[4].issym()
    assert members[4].linkname == "program"
    assert members[5].mode == 0o755


def test_a_layer_knows_the_digests_of_its_two_forms(layer: Layer) -> None:
    packed = layer.path.read_bytes()
    assert layer.digest == hashlib.sha256(packed).hexdigest()
    assert layer.size == len(packed)
    assert layer.diff_id == hashlib.sha256(gzip.decompress(packed)).hexdigest()


def test_the_same_tree_makes_the_same_bytes_whatever_its_order_and_dates(tmp_path: Path) -> None:
    source = tmp_path / "file"
    source.write_bytes(b"x")
    first = write_layer(tmp_path / "1", {"b": Entry(0o644, source), "a": Entry(0o644, b"y")})
    os.utime(source, (1, 1))
    second = write_layer(tmp_path / "2", {"a": Entry(0o644, b"y"), "b": Entry(0o644, source)})
    assert first.path.read_bytes() == second.path.read_bytes()


def test_an_image_is_a_layout_whose_index_leads_to_every_blob(layer: Layer, tmp_path: Path) -> None:
    target = tmp_path / "image.tar"
    settings = Settings(["/usr/bin/program"], {"B": "2", "A": "1"}, "65535:65535")
    (digest,) = write_images(target, [Named("example.test/program:v1", [layer], settings)])

    files = blobs(target)
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    (named,) = json.loads(files["index.json"])["manifests"]
    assert named["digest"] == f"sha256:{digest}"
    assert named["annotations"] == {
        "io.containerd.image.name": "example.test/program:v1",
        "org.opencontainers.image.ref.name": "v1",
    }
    manifest = json.loads(files[f"blobs/sha256/{digest}"])
    config = json.loads(files["blobs/sha256/" + manifest["config"]["digest"][7:]])
    assert config["config"]["Entrypoint"] == ["/usr/bin/program"]
    assert config["config"]["Env"] == ["A=1", "B=2"]
    assert config["config"]["User"] == "65535:65535"
    assert config["rootfs"]["diff_ids"] == [f"sha256:{layer.diff_id}"]
    (stored,) = manifest["layers"]
    inner = files["blobs/sha256/" + stored["digest"][7:]]
    assert stored["size"] == len(inner)
    with tarfile.open(fileobj=io.BytesIO(inner)) as archive:
        assert "etc/motd" in archive.getnames()


def test_every_blob_is_named_after_its_digest(layer: Layer, tmp_path: Path) -> None:
    target = tmp_path / "image.tar"
    write_images(target, [Named("example.test/program:v1", [layer, layer], Settings())])
    named = {name: body for name, body in blobs(target).items() if name.startswith("blobs/")}
    assert len(named) == 3
    for name, body in named.items():
        assert name == "blobs/sha256/" + hashlib.sha256(body).hexdigest()


def test_an_image_is_reproduced_byte_for_byte(layer: Layer, tmp_path: Path) -> None:
    settings = Settings(["a"], {"A": "1"})
    for name in ("1.tar", "2.tar"):
        write_images(tmp_path / name, [Named("example.test/program:v1", [layer], settings)])
    assert (tmp_path / "1.tar").read_bytes() == (tmp_path / "2.tar").read_bytes()


def test_images_of_one_archive_hold_a_shared_layer_once(layer: Layer, tmp_path: Path) -> None:
    target = tmp_path / "images.tar"
    names = ["example.test/a:v1", "example.test/b:v1"]
    digests = write_images(target, [Named(name, [layer], Settings([name])) for name in names])
    files = blobs(target)
    index = json.loads(files["index.json"])["manifests"]
    assert [one["digest"] for one in index] == [f"sha256:{one}" for one in digests]
    assert [one["annotations"]["io.containerd.image.name"] for one in index] == names
    assert len([name for name in files if name.startswith("blobs/")]) == 5
