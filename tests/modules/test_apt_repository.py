from __future__ import annotations

import pytest

from kplay.modules.apt_repository import MAIN, PARTS, module
from kplay.testing import FakeHost, plan, play

LOCAL = "deb [trusted=yes arch=amd64] file:/srv/repo ./"
KUBE = "deb [arch=amd64 signed-by=/x] https://pkgs.k8s.io/core:/stable:/v1.29/deb/ /"
BASE = "deb http://host/debian bookworm main\n# deb http://host/debian bookworm-backports main\n"


def host(rc: int = 0) -> FakeHost:
    there = FakeHost(files={MAIN: BASE}, dirs=[PARTS])
    return there.when("apt-get update", rc=rc, stderr="no such host\n" if rc else "")


# The names are those that ansible-core 2.19 gives
@pytest.mark.parametrize(
    ("repo", "name"),
    [
        (LOCAL, "file_srv_repo.list"),
        (KUBE, "pkgs_k8s_io_core_stable_v1_29_deb.list"),
        ("deb https://host/linux/debian bookworm stable", "host_linux_debian.list"),
    ],
)
def test_a_source_gets_a_file_of_its_own(repo: str, name: str) -> None:
    there = host()
    assert plan(module, {"repo": repo}, there).action == "create"
    done = play(module, {"repo": repo}, there)
    assert there.text(f"{PARTS}/{name}") == repo + "\n"
    assert done["sources_added"] == [f"{PARTS}/{name}"]
    assert (done["repo"], done["state"], done["sources_removed"]) == (repo, "present", [])
    assert [run.argv for run in there.runs] == [("apt-get", "update")]
    assert not play(module, {"repo": repo}, there).changed


def test_the_file_and_its_mode_can_be_named() -> None:
    there = host()
    args = {
        "repo": "deb  [trusted=yes]   file:///srv/repo//   ./",
        "filename": "two",
        "mode": "0600",
        "update_cache": False,
        "codename": "bookworm",
        "install_python_apt": False,
        "validate_certs": False,
        "update_cache_retries": 2,
        "update_cache_retry_max_delay": 3,
    }
    play(module, args, there)
    assert there.text(f"{PARTS}/two.list") == "deb [trusted=yes] file:///srv/repo// ./\n"
    assert oct(there.files.need(f"{PARTS}/two.list").mode) == "0o600"
    assert there.runs == []


def test_a_source_that_is_there_is_left() -> None:
    there = host()
    assert not play(module, {"repo": "deb http://host/debian  bookworm main"}, there).changed


def test_a_commented_source_is_put_back() -> None:
    there = host()
    play(module, {"repo": "deb http://host/debian bookworm-backports main"}, there)
    assert there.text(MAIN) == BASE.replace("# ", "")
    assert there.listdir(PARTS) == []


def test_a_source_goes_with_its_empty_file() -> None:
    there = host()
    play(module, {"repo": LOCAL}, there)
    assert plan(module, {"repo": LOCAL, "state": "absent"}, there).action == "remove"
    done = play(module, {"repo": LOCAL, "state": "absent"}, there)
    assert done["sources_removed"] == [f"{PARTS}/file_srv_repo.list"]
    assert there.listdir(PARTS) == []
    assert not play(module, {"repo": LOCAL, "state": "absent"}, there).changed


def test_a_source_that_cannot_be_read_is_taken_back() -> None:
    there = host(rc=100)
    failed = play(module, {"repo": LOCAL}, there)
    assert failed.msg == "Failed to update apt cache: no such host"
    assert there.listdir(PARTS) == []


@pytest.mark.parametrize("repo", ["ppa:x/y", "http://host/debian"])
def test_what_is_no_source_fails(repo: str) -> None:
    assert play(module, {"repo": repo}, host()).failed
