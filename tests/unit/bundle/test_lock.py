from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from kplay.bundle import Artifact, Lock, load_lock, verify
from kplay.bundle.model import LOCK_FILE, BundleInputError, save_lock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    artifacts = []
    for path, kind in (("bin/tool", "binary"), ("images/web.tar", "image")):
        body = f"bytes of {path}".encode()
        file = tmp_path / path
        file.parent.mkdir()
        file.write_bytes(body)
        digest = hashlib.sha256(body).hexdigest()
        artifacts.append(Artifact(path, kind, path, digest, len(body), "v1", "a test"))
    save_lock(tmp_path, Lock("v1.36.3", tuple(artifacts)))
    return tmp_path


def told(directory: Path) -> list[tuple[str, str]]:
    return [(problem.path, problem.message) for problem in verify(directory)]


def test_a_lock_is_read_as_it_was_written(tmp_path: Path) -> None:
    image = Artifact(
        "web", "image", "images/web.tar", "a" * 64, 1, "1", "web", "x/web:1", "sha256:b"
    )
    lock = Lock("v1.36.3", (image,))
    save_lock(tmp_path, lock)
    assert load_lock(tmp_path) == lock


def test_an_intact_bundle_has_no_problem(bundle: Path) -> None:
    assert verify(bundle) == []


def test_a_flipped_byte_is_found(bundle: Path) -> None:
    file = bundle / "bin/tool"
    body = bytearray(file.read_bytes())
    body[3] ^= 1
    file.write_bytes(body)
    ((path, message),) = told(bundle)
    assert path == "bin/tool"
    assert message.startswith("has SHA-256 ")


def test_a_cut_file_is_found_by_its_size(bundle: Path) -> None:
    (bundle / "bin/tool").write_bytes(b"")
    assert told(bundle) == [("bin/tool", "has 0 bytes, expected 17")]


def test_missing_and_extra_files_are_found_in_order(bundle: Path) -> None:
    (bundle / "images/web.tar").unlink()
    (bundle / "bin/zzz").write_bytes(b"")
    assert told(bundle) == [
        ("bin/zzz", "is not in the lock"),
        ("images/web.tar", "is missing"),
    ]


def test_the_builders_own_files_are_no_part_of_it(bundle: Path) -> None:
    (bundle / ".work").mkdir()
    (bundle / ".work/draft").write_bytes(b"")
    (bundle / ".lock").write_bytes(b"")
    assert verify(bundle) == []


def test_a_link_in_place_of_a_file_does_not_lead_out_of_the_bundle(
    bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "tool"
    (bundle / "bin/tool").replace(outside)
    (bundle / "bin/tool").symlink_to(outside)
    assert told(bundle) == [("bin/tool", "leads out of the bundle")]


def test_a_directory_without_lock_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BundleInputError, match="no bundle at") as caught:
        verify(tmp_path)
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    "document",
    [
        "not JSON",
        "[]",
        json.dumps({"schema": 99}),
        json.dumps({"schema": 1, "kubernetes": "v1", "artifacts": [{"name": "x"}]}),
        json.dumps({"schema": 1, "artifacts": []}),
    ],
)
def test_a_damaged_lock_is_bad_input(tmp_path: Path, document: str) -> None:
    (tmp_path / LOCK_FILE).write_text(document)
    with pytest.raises(BundleInputError):
        load_lock(tmp_path)


def test_an_unknown_kind_of_artifact_is_bad_input(bundle: Path) -> None:
    path = bundle / LOCK_FILE
    path.write_text(path.read_text().replace('"binary"', '"spell"'))
    with pytest.raises(BundleInputError, match="spell"):
        load_lock(bundle)
