from __future__ import annotations

from kplay.modules.deb822_repository import module
from kplay.testing import FakeHost, plan, play

SOURCES, KEYRINGS = "/etc/apt/sources.list.d", "/etc/apt/keyrings"
LOCAL = {
    "name": "Local Repo 1",
    "types": ["deb", "deb-src"],
    "uris": "file:/srv/repo",
    "suites": "./",
    "trusted": True,
    "architectures": "amd64",
    "enabled": True,
    "allow_weak": False,
    "pdiffs": True,
}
# As ansible-core 2.19 writes it
LOCAL_TEXT = """\
Allow-Weak: no
Architectures: amd64
Enabled: yes
X-Repolib-Name: Local Repo 1
Pdiffs: yes
Suites: ./
Trusted: yes
Types: deb deb-src
URIs: file:/srv/repo
"""
KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n-----END PGP PUBLIC KEY BLOCK-----\n"
DOCKER = {
    "name": "docker",
    "uris": ["https://host/linux/debian"],
    "suites": ["bookworm"],
    "components": ["stable"],
}


def host() -> FakeHost:
    return FakeHost(dirs=[SOURCES])


def test_a_source_is_written_once() -> None:
    there = host()
    assert plan(module, LOCAL, there).action == "create"
    done = play(module, LOCAL, there)
    path = f"{SOURCES}/local-repo-1.sources"
    assert there.text(path) == LOCAL_TEXT
    assert (done["dest"], done["repo"], done["key_filename"]) == (path, LOCAL_TEXT, None)
    assert oct(there.files.need(path).mode) == "0o644"
    assert not play(module, LOCAL, there).changed


def test_every_field_is_written_as_apt_reads_it() -> None:
    there = host()
    args = {
        "name": "all_of it!",
        "allow_downgrade_to_insecure": True,
        "allow_insecure": False,
        "by_hash": True,
        "check_date": False,
        "check_valid_until": False,
        "date_max_future": 5,
        "exclude": ["a", "b"],
        "include": ["c"],
        "inrelease_path": "x/InRelease",
        "languages": ["en", "de"],
        "targets": ["Packages"],
        "uris": "http://host/x",
        "suites": "stable",
        "mode": "0600",
        "install_python_debian": True,
    }
    play(module, args, there)
    assert there.text(f"{SOURCES}/all-of-it.sources").splitlines() == [
        "Allow-Downgrade-To-Insecure: yes",
        "Allow-Insecure: no",
        "By-Hash: yes",
        "Check-Date: no",
        "Check-Valid-Until: no",
        "Date-Max-Future: 5",
        "Exclude: a b",
        "Include: c",
        "InRelease-Path: x/InRelease",
        "Languages: en de",
        "X-Repolib-Name: all_of it!",
        "Suites: stable",
        "Targets: Packages",
        "Types: deb",
        "URIs: http://host/x",
    ]
    assert oct(there.files.need(f"{SOURCES}/all-of-it.sources").mode) == "0o600"


def test_an_armored_key_stands_in_the_source() -> None:
    there = host()
    play(module, {**DOCKER, "signed_by": KEY}, there)
    signed = there.text(f"{SOURCES}/docker.sources").partition("Signed-By:")[2]
    assert signed.splitlines()[:4] == [
        "",
        "    -----BEGIN PGP PUBLIC KEY BLOCK-----",
        "    .",
        "    abc",
    ]


def test_a_key_is_fetched_and_named() -> None:
    there = host()
    there.serve("https://host/key", KEY)
    args = {**DOCKER, "signed_by": "https://host/key"}
    assert plan(module, args, there).action == "create"
    done = play(module, args, there)
    assert done["key_filename"] == f"{KEYRINGS}/docker.asc"
    assert there.text(f"{KEYRINGS}/docker.asc") == KEY
    assert f"Signed-By: {KEYRINGS}/docker.asc\n" in there.text(f"{SOURCES}/docker.sources")
    assert not play(module, args, there).changed
    there.serve("https://host/key", b"\x99binary")
    assert play(module, args, there)["key_filename"] == f"{KEYRINGS}/docker.gpg"


def test_a_key_that_cannot_be_had_fails() -> None:
    there = host()
    there.serve("https://host/key", "gone", status=404)
    failed = play(module, {**DOCKER, "signed_by": "https://host/key"}, there)
    assert failed.msg == "Could not fetch signed_by key: HTTP Error 404"


def test_a_source_goes_with_its_key() -> None:
    there = host()
    there.serve("https://host/key", KEY)
    play(module, {**DOCKER, "signed_by": "https://host/key"}, there)
    assert plan(module, {"name": "docker", "state": "absent"}, there).action == "remove"
    gone = play(module, {"name": "docker", "state": "absent"}, there)
    assert (gone.changed, gone["repo"]) == (True, None)
    assert there.listdir(SOURCES) == there.listdir(KEYRINGS) == []
    assert not play(module, {"name": "docker", "state": "absent"}, there).changed
