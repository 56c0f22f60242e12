"""bundle_artifact: what of a bundle goes to a host, and what is refused before that."""

from __future__ import annotations

import getpass
import grp
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from kplay.bundle.model import Artifact, Lock, save_lock
from kplay.execute.options import RunOptions
from kplay.execute.run import run
from kplay.plan.make import make
from kplay.walk.events import Event, StepEnded

if TYPE_CHECKING:
    from pathlib import Path

TEXT = b"#!/bin/sh\necho tool\n"
LARGE = bytes(range(256)) * 200


def artifact(  # noqa: PLR0917 - a row of the lock
    root: Path, name: str, kind: str, path: str, version: str, data: bytes
) -> Artifact:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    image = (f"kplay.local/{name}:{version}", "sha256:" + "0" * 64) if kind == "image" else ("", "")
    return Artifact(name, kind, path, digest, len(data), version, "here", *image)  # type: ignore[arg-type]


class Site:
    """A bundle, and a playbook that takes from it, run on this very host."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bundle = path / "site-a"
        self.host = path / "host"
        self.host.mkdir()
        (path / "hosts").write_text("h1 ansible_connection=local\n")
        rows = [
            ("k3s", "binary", "releases/k3s/v1/k3s", "v1", LARGE),
            ("tool", "binary", "bin/v1/tool", "v1", TEXT),
            ("tool", "binary", "bin/v2/tool", "v2", TEXT + b"# 2\n"),
            ("chart", "chart", "charts/chart-1.tgz", "v1", b"no archive"),
            ("acme", "image", "images/issuer.tar", "v1", b"images"),
            ("web", "image", "images/issuer.tar", "v2", b"images"),
        ]
        made = tuple(artifact(self.bundle, *row) for row in rows)
        save_lock(self.bundle, Lock("v1", made))

    def steps(self, args: dict[str, Any], *, planning: bool = False) -> dict[str, StepEnded]:
        """The steps of a playbook with one bundle_artifact, by task."""
        tasks: list[dict[str, Any]] = [
            {"name": "ask", "command": "echo v2", "register": "asked"},
            {"name": "bring", "bundle_artifact": args, "register": "found", "ignore_errors": True},
            {"name": "version", "debug": {"msg": "{{ found.version }}"}, "when": "'path' in found"},
        ]
        playbook = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
        (self.path / "site.yml").write_text(json.dumps(playbook, indent=1))
        options = RunOptions(
            (self.path / "site.yml",),
            (str(self.path / "hosts"),),
            extra_vars=(f"kplay_bundle={self.bundle}",),
            runs_directory=self.path / "runs",
        )
        seen: list[Event] = []
        if planning:
            make(options, seen.append)
        else:
            run(options, seen.append, mode="apply")
        return {one.place.task: one for one in seen if isinstance(one, StepEnded)}

    def bring(self, *, planning: bool = False, **args: Any) -> dict[str, Any]:
        """The result of the step."""
        return dict(self.steps(args, planning=planning)["bring"].result)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_program_is_planned_exactly_placed_and_then_unchanged(site: Site) -> None:
    dest = site.host / "k3s"
    args = {"name": "k3s", "dest": str(dest)}
    planned = site.steps(args, planning=True)
    assert (planned["bring"].status, planned["bring"].action) == ("planned", "create")
    assert not dest.exists()
    for steps in (planned, site.steps(args)):
        told = steps["bring"].result
        digest = hashlib.sha256(LARGE).hexdigest()
        assert (told["name"], told["version"], told["sha256"]) == ("k3s", "v1", digest)
        assert (told["bytes"], told["path"]) == (len(LARGE), f"{site.bundle}/releases/k3s/v1/k3s")
        assert (told["dest"], told["mode"], told["changed"]) == (str(dest), "0755", True)
        assert steps["version"].result["msg"] == "v1"
    assert (dest.read_bytes(), dest.stat().st_mode & 0o777) == (LARGE, 0o755)
    before = dest.stat()
    again = site.steps(args)
    assert (again["bring"].status, again["version"].result["msg"]) == ("ok", "v1")
    assert (dest.stat().st_ino, dest.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_mode_owner_and_group_are_those_asked_for(site: Site) -> None:
    me, mine = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    told = site.bring(name="chart", dest=f"{site.host}/", mode="0600", owner=me, group=mine)
    assert (told["mode"], told["owner"], told["group"]) == ("0600", me, mine)
    assert (site.host / "chart-1.tgz").read_text() == "no archive"


def test_what_is_no_program_is_not_executable(site: Site) -> None:
    assert site.bring(name="chart", dest=f"{site.host}/chart.tgz")["mode"] == "0644"


def test_one_of_several_versions(site: Site) -> None:
    site.bring(name="tool", version="{{ asked.stdout }}", dest=f"{site.host}/tool")
    assert (site.host / "tool").read_bytes() == TEXT + b"# 2\n"


def test_a_version_that_only_the_run_can_tell(site: Site) -> None:
    args = {"name": "tool", "version": "{{ asked.stdout }}"}
    steps = site.steps({**args, "dest": f"{site.host}/t"}, planning=True)
    assert (steps["bring"].status, steps["bring"].action) == ("planned", "create")
    assert not {"version", "checksum"} & set(steps["bring"].result)
    alone = site.steps(args, planning=True)["bring"]
    assert "version" not in alone.result
    assert any("ask" in cause for cause in alone.causes)


@pytest.mark.parametrize("planning", [True, False])
def test_looked_up_alone_it_is_for_the_controller(site: Site, *, planning: bool) -> None:
    found = site.bring(planning=planning, name="k3s")
    assert found["path"] == f"{site.bundle}/releases/k3s/v1/k3s"
    assert (found["changed"], found["version"]) == (False, "v1")
    assert list(site.host.iterdir()) == []


def test_an_archive_of_images_goes_by_its_own_name_or_an_images(site: Site) -> None:
    for name in ("issuer", "acme", "web"):
        found = site.bring(name=name)
        assert found["path"] == f"{site.bundle}/images/issuer.tar"
        assert [one["reference"] for one in found["images"]] == [
            "kplay.local/acme:v1",
            "kplay.local/web:v2",
        ]


def test_another_bundle_by_argument(site: Site) -> None:
    other = site.path / "other"
    save_lock(other, Lock("v1", (artifact(other, "k3s", "binary", "k3s", "v9", b"nine"),)))
    assert site.bring(name="k3s", bundle=str(other))["version"] == "v9"


REFUSED: list[tuple[dict[str, str], str, str]] = [
    ({"name": "k4s"}, "has no `k4s`", "kplay bundle build --for"),
    ({"name": "k3s", "version": "v2"}, "has no `k3s` of version v2, only of v1", "--for"),
    ({"name": "tool"}, "has several of `tool`, by version: v1, v2", "`version`"),
    ({"name": "k3s", "bundle": "/nowhere"}, "no bundle at /nowhere", "kplay_bundle=DIR"),
]


@pytest.mark.parametrize("planning", [True, False])
@pytest.mark.parametrize(("args", "message", "hint"), REFUSED, ids=str)
def test_what_is_not_there_is_refused_with_what_to_do(
    site: Site, args: dict[str, str], message: str, hint: str, *, planning: bool
) -> None:
    result = site.bring(planning=planning, **args, dest=f"{site.host}/k")
    assert message in result["msg"]
    diagnostic = result["diagnostics"][0]
    assert diagnostic["span"]["file"].endswith("site.yml")
    assert hint in str(diagnostic["help"])
    assert list(site.host.iterdir()) == []


@pytest.mark.parametrize("planning", [True, False])
@pytest.mark.parametrize(("name", "path"), [("k3s", "releases/k3s/v1/k3s"), ("acme", "")])
def test_what_is_not_as_the_lock_says_is_refused_before_a_byte_leaves(
    site: Site, name: str, path: str, *, planning: bool
) -> None:
    file = site.bundle / (path or "images/issuer.tar")
    data = file.read_bytes()
    file.write_bytes(b"X" + data[1:])
    result = site.bring(planning=planning, name=name, dest=f"{site.host}/k")
    assert "has SHA-256" in result["msg"]
    assert hashlib.sha256(data).hexdigest() in result["msg"]
    assert list(site.host.iterdir()) == []


def test_what_leads_out_of_the_bundle_is_refused(site: Site) -> None:
    outside = artifact(site.path, "key", "binary", "key", "v1", b"secret")
    lock = Lock("v1", (Artifact("key", "binary", "../key", outside.sha256, 6, "v1", "here"),))
    save_lock(site.bundle, lock)
    assert "leads out of the bundle" in site.bring(name="key", dest=f"{site.host}/k")["msg"]


def test_a_mode_wants_a_place_on_the_host(site: Site) -> None:
    assert "which wants `dest`" in site.bring(name="k3s", mode="0755")["msg"]


def test_an_omitted_name_is_told(site: Site) -> None:
    assert "needs a `name`" in site.bring(name="{{ '' | default(omit, true) }}")["msg"]


def test_a_role_says_which_variable_chooses_among_several(site: Site) -> None:
    for name, text in {
        "defaults": "tool_version: ''\nother: 1\n",
        "tasks": "- {name: look, bundle_artifact: {name: tool}}\n",
    }.items():
        path = site.path / f"roles/r/{name}/main.yml"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    (site.path / "role.yml").write_text("- {hosts: all, gather_facts: false, roles: [r]}\n")
    options = RunOptions(
        (site.path / "role.yml",),
        (str(site.path / "hosts"),),
        extra_vars=(f"kplay_bundle={site.bundle}",),
        runs_directory=site.path / "runs",
    )
    seen: list[Event] = []
    make(options, seen.append)
    (step,) = (one for one in seen if isinstance(one, StepEnded))
    assert step.result["diagnostics"][0]["help"] == ["set it: `-e tool_version=VERSION`"]


def test_a_damaged_lock_file(site: Site) -> None:
    (site.bundle / "bundle.lock.json").write_text("{")
    result = site.bring(name="k3s")
    assert "bundle.lock.json cannot be read" in result["msg"]
    assert result["diagnostics"][0]["span"]["line"] > 1
