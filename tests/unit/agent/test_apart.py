"""A program that reads, and keeps its caches in memory for itself alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from kplay.agent import limits
from kplay.agent.diffs import differences
from kplay.agent.host import APART_REFUSED
from kplay.agent.reading import LocalProbe
from kplay.modules.api import UNKNOWN, Change

if TYPE_CHECKING:
    from pathlib import Path

HELM = """\
#!/bin/sh
mkdir -p "$HELM_REPOSITORY_CACHE" "$KUBECACHEDIR" || exit 9
echo chart > "$HELM_REPOSITORY_CACHE/web.tgz"
ls "$HELM_REPOSITORY_CACHE"
echo "$HELM_REPOSITORY_CACHE"
"""


@pytest.fixture
def helm(tmp_path: Path) -> Path:
    program = tmp_path / "helm"
    program.write_text(HELM)
    program.chmod(0o755)
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "stable-index.yaml").write_text("{}")
    return program


def test_what_it_fetches_is_gone_with_it(helm: Path) -> None:
    cache = helm.parent / "cache"
    probe = LocalProbe({"HELM_REPOSITORY_CACHE": str(cache)})
    done = probe.query([str(helm), "list"], apart=True)
    if done.rc == APART_REFUSED:
        assert os.geteuid() != 0 or "unshare" in done.stderr or "mount" in done.stderr
        return
    *names, place = done.stdout.split()
    assert (done.rc, names) == (0, ["stable-index.yaml", "web.tgz"])
    assert not os.path.lexists(place)
    assert [path.name for path in cache.iterdir()] == ["stable-index.yaml"]


def test_a_host_that_allows_no_such_place(
    helm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = tmp_path / "unshare"
    refusing.write_text("#!/bin/sh\necho 'unshare: Operation not permitted' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setattr(limits, "apart", lambda _uid: [str(refusing)])
    done = LocalProbe().query([str(helm), "list"], apart=True)
    assert done.rc == APART_REFUSED


def test_who_is_not_root_becomes_it_in_a_namespace() -> None:
    assert limits.apart(0)[:3] == ["unshare", "--mount", "sh"]
    assert limits.apart(1000)[:4] == ["unshare", "--user", "--map-root-user", "--mount"]


def test_only_what_reads_may_be_run_apart() -> None:
    with pytest.raises(ValueError, match="not a program that only reads"):
        LocalProbe().query(["helm", "upgrade", "x", "y"], apart=True)


def test_each_of_several_contents_has_a_diff_of_its_own() -> None:
    found = {"contents": {"b": "1\n", "same": "x", "gone": "y\n"}, "state": "present"}
    wanted = {"contents": {"values": UNKNOWN, "a": "2\n", "same": "x", "b": "2\n"}}
    change = Change("update", {"contents": found["contents"]}, wanted)
    assert differences({}, found, wanted, change) == [
        {"path": "values", "before": "", "after": "(known after the run)\n"},
        {"path": "a", "before": "", "after": "2\n"},
        {"path": "b", "before": "1\n", "after": "2\n"},
        {"path": "gone", "before": "y\n", "after": ""},
    ]
