"""A way to a cluster that is not there fails a plan, unless a step before it may bring it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kplay.errors import ExitCode
from kplay.execute.options import RunOptions
from kplay.plan.make import make

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kplay.plan.make import Made

OBJECT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}


@pytest.fixture
def planned(tmp_path: Path) -> Callable[..., Made]:
    """A plan of tasks, and then of one that reaches a cluster by a kubeconfig that is not there."""

    def of(
        *tasks: dict[str, Any], module: str = "kubectl_apply", host: str = "h1", **args: Any
    ) -> Made:
        args = {"definition": OBJECT, **args} if module != "helm_release" else args
        last = {"name": "ask", module: {"kubeconfig": str(tmp_path / "kubeconfig"), **args}}
        play = {"hosts": host, "gather_facts": False, "tasks": [*tasks, last]}
        (tmp_path / "site.yml").write_text(json.dumps([play]))
        (tmp_path / "hosts").write_text(f"{host} ansible_connection=local\n")
        options = RunOptions((tmp_path / "site.yml",), (str(tmp_path / "hosts"),))
        return make(options, lambda _event: None)

    return of


def action(made: Made) -> str:
    return next((one.action for one in made.data.changes if one.place.task == "ask"), "none")


def causes(made: Made) -> list[str]:
    return next((one.causes for one in made.data.changes if one.place.task == "ask"), [])


@pytest.mark.parametrize(
    ("module", "args"),
    [
        ("kubectl_apply", {}),
        ("k8s", {}),
        ("helm_release", {"name": "web", "chart": "/srv/web"}),
    ],
)
def test_one_that_nothing_makes_fails_the_plan(
    planned: Callable[..., Made], tmp_path: Path, module: str, args: dict[str, Any]
) -> None:
    other = {"copy": {"content": "x", "dest": str(tmp_path / "other")}}
    made = planned(other, module=module, **args)
    assert made.code == ExitCode.STEP_FAILED
    assert [one.place.module for one in made.data.changes] == ["copy"]
    (failed,) = made.lost
    assert failed.host == "h1"
    assert f"there is no kubeconfig {tmp_path}/kubeconfig" in str(made)


@pytest.mark.parametrize("way", ["creates", "copy", "wait_for"])
def test_one_that_a_step_makes_is_as_good_as_there(
    planned: Callable[..., Made], tmp_path: Path, way: str
) -> None:
    path = str(tmp_path / "kubeconfig")
    task = {
        "creates": {"command": {"cmd": "install-a-cluster", "creates": path}},
        "copy": {"copy": {"content": "apiVersion: v1\n", "dest": path}},
        "wait_for": {"wait_for": {"path": path}},
    }[way]
    assert action(planned(task)) == "create"


def test_one_that_a_step_may_make_is_said_to_be_open(
    planned: Callable[..., Made], tmp_path: Path
) -> None:
    installs = {"command": "install-a-cluster", "register": "installed"}
    perhaps = {
        "copy": {"content": "x", "dest": str(tmp_path / "perhaps")},
        "when": "installed.stdout != ''",
    }
    why = f"there is no kubeconfig {tmp_path}/kubeconfig, unless an earlier step makes it"
    for tasks in ([installs], [installs, perhaps]):
        made = planned(*tasks)
        assert (action(made), causes(made)) == ("unknown", [why])


@pytest.mark.parametrize(("host", "expected"), [("h1", "unknown"), ("localhost", "create")])
def test_one_that_is_brought_to_the_controller(
    planned: Callable[..., Made], tmp_path: Path, host: str, expected: str
) -> None:
    (tmp_path / "admin.conf").write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "a",
                "clusters": [{"name": "a", "cluster": {}}],
                "users": [{"name": "a", "user": {}}],
                "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
            }
        )
    )
    source, dest = str(tmp_path / "admin.conf"), str(tmp_path / "kubeconfig")
    for task in (
        {"kubeconfig": {"src": source, "dest": dest, "context": "lab"}},
        {"fetch": {"src": source, "dest": dest, "flat": True}},
    ):
        made = planned(task, host=host, context="lab")
        assert action(made) == expected, task
