from __future__ import annotations

from typing import Any

from kplay.modules.helm_plugin import module
from kplay.testing import FakeHost, plan, play

LISTED = "NAME\tVERSION\tDESCRIPTION\ndiff\t3.9.0\tPreview\n"
PATH = "https://forge/helm-diff.git"


def host(listed: str = LISTED) -> FakeHost:
    there = FakeHost(files={"/usr/bin/helm": ""}).when("helm plugin", stdout="done\n")
    return there.when("helm plugin list", stdout=listed)


def test_installing() -> None:
    there = host("NAME\n")
    args = {"plugin_path": PATH, "plugin_version": "3.9.0", "state": "present"}
    assert plan(module, args, there).action == "create"
    assert play(module, args, there).changed
    assert there.runs[0].argv == ("helm", "plugin", "install", PATH, "--version=3.9.0")


def test_one_that_is_there_is_left() -> None:
    assert not play(module, {"plugin_path": PATH}, host()).changed


def test_removing() -> None:
    args = {"plugin_name": "diff", "state": "absent"}
    there = host()
    assert play(module, args, there).changed
    assert there.runs[0].argv == ("helm", "plugin", "uninstall", "diff")
    assert not play(module, args, host("NAME\n")).changed


def test_the_latest() -> None:
    there = host()
    play(module, {"plugin_name": "diff", "state": "latest"}, there)
    assert there.runs[0].argv == ("helm", "plugin", "update", "diff")


def test_what_is_missing() -> None:
    assert "plugin_path is needed" in play(module, {"plugin_name": "x"}, host()).msg
    assert "plugin_name is needed" in play(module, {"state": "absent"}, host()).msg


def test_which_cluster_is_meant(helm_connection: Any) -> None:
    there = host()
    play(module, {"plugin_path": PATH, **helm_connection.args}, there)
    assert helm_connection.given_to(there.queries)
