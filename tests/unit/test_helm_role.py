"""Role helm: from a release that a site serves, with its digest compared, once."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest
import repository
import yaml

from kplay.cli.main import main

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
NAME = "helm-v3.22.0-linux-amd64"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A release as upstream's site has it: an archive, and its digest beside it."""
    folder = tmp_path / "releases"
    folder.mkdir()
    content = b"#!/bin/sh\necho this is helm\n"
    with tarfile.open(folder / f"{NAME}.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("linux-amd64/helm")
        member.size, member.mode = len(content), 0o755
        archive.addfile(member, io.BytesIO(content))
    digest = hashlib.sha256((folder / f"{NAME}.tar.gz").read_bytes()).hexdigest()
    (folder / f"{NAME}.tar.gz.sha256sum").write_text(f"{digest}  {NAME}.tar.gz\n")
    return folder


def run(tmp_path: Path, url: str, *words: str) -> int:
    play = {
        "hosts": "localhost",
        "gather_facts": True,
        "gather_subset": ["!all"],
        "roles": [{"role": str(PLAYBOOKS / "roles/helm")}],
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    (tmp_path / "hosts.yml").write_text("all: {hosts: {}}\n")
    given = {
        "helm_method": "online",
        "helm_releases_url": url,
        "helm_directory": str(tmp_path / "cache/helm"),
        "access_helm": str(tmp_path / "helm"),
    }
    files = [str(tmp_path / "hosts.yml"), str(tmp_path / "play.yml")]
    return main([*words, "-i", *files, "-e", json.dumps(given)])


def test_helm_is_downloaded_once(tmp_path, release, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANSIBLE_ROLES_PATH", str(PLAYBOOKS / "roles"))
    (tmp_path / "cache").mkdir()
    with repository.served(release) as url:
        assert run(tmp_path, url, "run") == 0
        assert (tmp_path / "helm").read_text().endswith("this is helm\n")
        assert (tmp_path / "helm").stat().st_mode & 0o777 == 0o755
        capsys.readouterr()
        assert run(tmp_path, url, "plan", "--detailed-exitcode") == 0
        assert "no changes" in capsys.readouterr().out


def test_another_archive_than_the_digest_s_is_refused(tmp_path, release, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANSIBLE_ROLES_PATH", str(PLAYBOOKS / "roles"))
    (tmp_path / "cache").mkdir()
    with (release / f"{NAME}.tar.gz").open("ab") as file:
        file.write(b"more")
    with repository.served(release) as url:
        assert run(tmp_path, url, "run") == 2
    said = capsys.readouterr()
    assert "did not match" in said.out + said.err
    assert not (tmp_path / "helm").exists()
