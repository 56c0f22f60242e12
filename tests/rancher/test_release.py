"""Trees of releases, and the server of them that tests use."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import time
import urllib.error
import urllib.request

import payload
import pytest
import release
import serve

from kplay.bundle.model import hash_file
from kplay.bundle.oci import Entry, Named, Settings, write_images, write_layer

RELEASED = (("k3s", "v1.0.0+k3s1"), ("k3s", "v1.0.0+k3s2"), ("rke2", "v1.0.0+rke2r1"))


@pytest.fixture
def tree(tmp_path):
    for name, version in RELEASED:
        place = tmp_path / "tree" / name / version
        place.mkdir(parents=True)
        (place / name).write_text(f"{name} {version}")
        release.sums(place)
    channel = tmp_path / "tree" / "channels" / "k3s" / "stable"
    channel.parent.mkdir(parents=True)
    channel.write_text("v1.0.0+k3s2\n")
    (tmp_path / "secret").write_text("not served")
    return tmp_path / "tree"


def fetch(url):
    return urllib.request.urlopen(url, timeout=10)  # noqa: S310 (our own server)


def image(tmp_path, name, files):
    layer = write_layer(tmp_path / f"{name}.layer", files)
    path = tmp_path / f"{name}.tar"
    write_images(path, [Named(f"kplay.local/{name}:1", [layer], Settings())])
    return path


def test_a_tree_of_upstreams_files_is_taken_as_it_is(tree, monkeypatch):
    monkeypatch.setenv("KPLAY_RELEASES", str(tree))
    found = release.releases(pytest.fail)
    assert found.k3s == ("v1.0.0+k3s1", "v1.0.0+k3s2")
    assert found.rke2 == ("v1.0.0+rke2r1",)
    assert not found.double


def test_a_tree_without_releases_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("KPLAY_RELEASES", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="holds no release"):
        release.releases(print)


def test_trees_that_nobody_uses_go(tmp_path):
    for age, name in enumerate(("new", "newer", "old", "older")):
        (tmp_path / f"releases-{name}").mkdir()
        at = time.time() - age * 20 * 3600
        os.utime(tmp_path / f"releases-{name}", (at, at))
    release.drop_old(tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["releases-new", "releases-newer"]


def test_sums_are_as_sha256sum_prints_them(tree):
    place = tree / "k3s" / "v1.0.0+k3s1"
    digest = hash_file(place / "k3s")
    assert (place / "sha256sum-amd64.txt").read_text() == f"{digest}  k3s\n"


def test_images_become_one_layout(tmp_path):
    shared = {"file": Entry(0o644, b"same")}
    paths = [image(tmp_path, name, shared) for name in ("one", "two")]
    payload.merge(tmp_path / "all.tar.gz", paths)
    with tarfile.open(tmp_path / "all.tar.gz") as archive:
        names = archive.getnames()
        index = json.load(archive.extractfile("index.json"))
    assert len(names) == len(set(names))
    assert "oci-layout" in names
    found = [one["annotations"]["io.containerd.image.name"] for one in index["manifests"]]
    assert found == ["kplay.local/one:1", "kplay.local/two:1"]


def test_files_come_out_of_an_images_layers(tmp_path):
    path = image(tmp_path, "one", {"usr/bin/it": Entry(0o755, b"program")})
    payload.layers(path, ["usr/bin/it"], tmp_path)
    assert (tmp_path / "usr/bin/it").read_bytes() == b"program"
    with pytest.raises(FileNotFoundError, match="usr/bin/other"):
        payload.layers(path, ["usr/bin/other"], tmp_path)


def test_rke2s_tarball_has_upstreams_layout(tmp_path):
    program = tmp_path / "rke2"
    program.write_bytes(b"the program")
    payload.tarball(tmp_path / "rke2.tar.gz", release.HERE / "rke2", program)
    with gzip.open(tmp_path / "rke2.tar.gz") as raw:
        archive = tarfile.open(fileobj=io.BytesIO(raw.read()))  # noqa: SIM115 (closed with its bytes)
    modes = {one.name: one.mode for one in archive if one.isfile()}
    assert {
        "bin/rke2": 0o755,
        "bin/rke2-killall.sh": 0o755,
        "bin/rke2-uninstall.sh": 0o755,
        "lib/systemd/system/rke2-agent.env": 0o644,
        "lib/systemd/system/rke2-agent.service": 0o644,
        "lib/systemd/system/rke2-server.env": 0o644,
        "lib/systemd/system/rke2-server.service": 0o644,
        "share/rke2/rke2-cis-sysctl.conf": 0o644,
    }.items() <= modes.items()


def test_files_of_a_release_are_served(tree):
    with (
        serve.serving(tree) as server,
        fetch(f"{server.url}/k3s/v1.0.0%2Bk3s1/k3s") as answer,
    ):
        assert answer.read() == b"k3s v1.0.0+k3s1"
    assert server.asked == ["/k3s/v1.0.0+k3s1/k3s"]


def test_a_channel_leads_to_its_release(tree):
    with (
        serve.serving(tree) as server,
        fetch(f"{server.url}/channels/k3s/stable") as answer,
    ):
        assert answer.url.endswith("/k3s/releases/tag/v1.0.0%2Bk3s2")
        assert answer.read().split() == [b"k3s", b"sha256sum-amd64.txt"]


@pytest.mark.parametrize(
    "path",
    ["/", "/k3s/v1.0.0+k3s1/../../../secret", "/k3s/..%2F../secret", "/channels/k3s/none",
     "/k3s/../../secret"],
)  # fmt: skip
def test_nothing_else_is_served(tree, path):
    with serve.serving(tree) as server, pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(server.url + path)


def test_it_listens_on_no_public_address(tree):
    with pytest.raises(ValueError, match="neither loopback's nor a lab's"):
        serve.Server(tree, "8.8.8.8")
