"""What a node is configured with, and what of it plans and logs show."""

from __future__ import annotations

import pytest

from kplay.testing import FakeHost
from kplay.walk.events import StepEnded

REGISTRIES = "/etc/rancher/k3s/registries.yaml"
ENVIRONMENT = "/etc/default/k3s"
OLD = "configs: {r: {auth: {password: 0ldWord}}}\n"


@pytest.mark.parametrize(
    ("path", "text", "variables"),
    [
        (REGISTRIES, OLD, {}),
        (REGISTRIES, OLD, {"registries": {"mirrors": {}}}),
        (REGISTRIES, "", {"registries": {"mirrors": {"r": {"endpoint": ["https://u:0ldWord@r"]}}}}),
        (REGISTRIES, "", {"registries": {"configs": {"r": {"auth": {"password": "0ldWord"}}}}}),
        (ENVIRONMENT, "HTTP_PROXY=http://u:0ldWord@p\n", {}),
        (ENVIRONMENT, "HTTP_PROXY=http://u:0ldWord@p\n", {"environment": {"A": "b"}}),
        (ENVIRONMENT, "", {"environment": {"HTTP_PROXY": "http://u:0ldWord@p"}}),
    ],
)  # fmt: skip
def test_neither_new_nor_old_passwords_are_shown(player, path, text, variables):
    given = {f"distribution_{name}": value for name, value in variables.items()}
    there = {"/etc/systemd/system/x": "", "/etc/rancher/x": "", "/etc/default/x": ""}
    fake = {"s1": FakeHost(files={**there, **({path: text} if text else {})})}
    groups = {"server": ["s1"], "agent": []}
    given |= {"distribution": "k3s", "distribution_release": "v1.36.3+k3s1"}
    played = player.role("distribution-install/files", groups, fake, **given)
    assert played.failure("s1") == ""
    task = "Name registries" if path == REGISTRIES else "Give the service its environment"
    (ended,) = (
        one for one in played.events if isinstance(one, StepEnded) and one.place.task.endswith(task)
    )
    # Its difference is hidden with its result
    assert ended.status == "changed"
    assert "censored" in ended.result
