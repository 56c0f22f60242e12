"""A service comes to another release: drained, switched, restarted, uncordoned, in this order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kplay.testing import FakeHost
from kplay.walk import events

HA = {"server": ["s1", "s2", "s3"], "agent": []}
KUBECTL = "/usr/local/bin/kubectl"
DRAINED = "/usr/local/lib/k3s/drained"
CONFIG = "/etc/rancher/k3s/config.yaml"
UNIT = "LoadState=loaded\nActiveState={0}\nUnitFileState=enabled\n"
BEGAN = 1_700_000_000.0
AT = "ExecMainStartTimestamp=Tue 2023-11-14 22:13:20.000000 UTC\n"
HELD = "DaemonSet kube-system/flannel-1\nReplicaSet shop/web-1\n shop/alone\n"


def server(
    release: str = "v1.36.3+k3s1", *, active: bool = True, cordoned: bool = False, drains: int = 0
) -> FakeHost:
    """A server that runs a release since before its files were last looked at."""
    host = FakeHost(files={CONFIG: "a: 1\n", "/etc/rancher/k3s/k3s.yaml": "x"}, now=BEGAN - 100)
    host.add_dir("/usr/local/lib/k3s/v1.36.3+k3s2")
    host.add_file("/etc/systemd/system/k3s.service", "[Unit]\n")
    host.add_file(KUBECTL, "", mode=0o755)
    host.add_link("/usr/local/bin/k3s", f"/usr/local/lib/k3s/{release}/k3s")
    for name in ("crictl", "ctr"):
        host.add_link(f"/usr/local/bin/{name}", "k3s")
    host.now = BEGAN + 50
    host.when("systemctl").when("systemctl is-enabled", stdout="enabled\n")
    state = UNIT.format("active" if active else "inactive")
    host.when("systemctl show --no-pager k3s.service", stdout=state)
    host.when("systemctl show --no-pager --timestamp=us+utc -p ExecMainStartTimestamp", stdout=AT)
    host.when("systemctl show --no-pager -p NeedDaemonReload", stdout="NeedDaemonReload=no\n")
    host.when("systemctl show --no-pager --timestamp=us+utc -p UnitsLoadTimestamp", stdout="")
    node: dict[str, Any] = {"kind": "Node", "metadata": {"name": "s1"}, "spec": {}}
    if cordoned:
        node["spec"]["unschedulable"] = True
    host.when(f"{KUBECTL} get v1/node", stdout=json.dumps(node))
    host.when(f"{KUBECTL} get Node", stdout=json.dumps(node))
    host.when(f"{KUBECTL} get", stdout=json.dumps(node))
    host.when(f"{KUBECTL} get pods", stdout=HELD)
    said = "error: cannot evict pod as it would violate the pod's disruption budget\n"
    host.when(f"{KUBECTL} drain", rc=drains, stderr=said if drains else "")
    return host.when(f"{KUBECTL} uncordon")


def switch(player, host: FakeHost, groups=HA, **variables: Any):
    given = {
        "distribution": "k3s", "distribution_release": "v1.36.3+k3s2",
        "distribution_installed": "v1.36.3+k3s1", "distribution_asked": "s1",
    }  # fmt: skip
    tasks = {"import_role": {"name": "distribution-service", "tasks_from": "switch"}}
    play = [{"hosts": "s1", "gather_facts": False, "tasks": [tasks]}]
    return player.run(play, groups, {"s1": host}, **{**given, **variables})


def ran(host: FakeHost, *verbs: str) -> list[str]:
    words = [run.argv[1] for run in host.runs if len(run.argv) > 1]
    return [word for word in words if word in verbs]


def test_a_release_is_changed_while_the_node_is_drained(player):
    host = server()
    played = switch(player, host)
    assert played.failure("s1") == ""
    assert ran(host, "drain", "restart", "start") == ["drain", "restart"]
    assert host.lstat("/usr/local/bin/k3s").target == "/usr/local/lib/k3s/v1.36.3+k3s2/k3s"
    assert host.lstat(DRAINED) is not None
    assert played.changed("s1")[-1] == "Start the service"


def test_a_service_that_has_read_it_all_is_left_alone(player):
    host = server("v1.36.3+k3s2")
    host.remove(KUBECTL)
    host.now = BEGAN - 100
    host.add_link(KUBECTL, "k3s")
    host.now = BEGAN + 50
    played = switch(player, host, distribution_installed="v1.36.3+k3s2")
    assert played.failure("s1") == ""
    assert played.changed("s1") == []
    assert ran(host, "drain", "restart", "start") == []


def test_a_changed_configuration_is_read_without_a_drain(player):
    host = server("v1.36.3+k3s2")
    host.write(CONFIG, b"a: 2\n")
    switch(player, host, distribution_installed="v1.36.3+k3s2")
    assert ran(host, "drain", "restart", "start") == ["restart"]


def test_a_server_that_goes_from_sqlite_to_etcd_is_restarted(player):
    host = server("v1.36.3+k3s2")
    host.add_file("/etc/rancher/k3s/config.yaml.d/10-cluster.yaml", "cluster-init: true\n")
    switch(player, host, distribution_installed="v1.36.3+k3s2")
    assert ran(host, "drain", "restart", "start") == ["restart"]


def test_a_service_that_does_not_run_is_started(player):
    host = server(active=False)
    switch(player, host, distribution_installed="v1.36.3+k3s2")
    assert ran(host, "restart", "start") == ["start"]


@pytest.mark.parametrize(
    ("groups", "variables"),
    [
        ({"server": ["s1"], "agent": []}, {}),
        (HA, {"distribution_drain": False}),
        (HA, {"distribution_installed": ""}),
    ],
)
def test_no_drain(player, groups, variables):
    host = server()
    switch(player, host, groups, **variables)
    assert ran(host, "drain") == []
    assert ran(host, "restart") == ["restart"]


def test_a_node_that_its_operator_cordoned_stays_cordoned(player):
    host = server(cordoned=True)
    switch(player, host)
    assert ran(host, "drain") == ["drain"]
    assert host.lstat(DRAINED) is None


def test_a_drain_that_cannot_finish_names_the_pods_and_changes_nothing_else(player):
    host = server(drains=1)
    played = switch(player, host)
    ended = [one for one in played.events if isinstance(one, events.StepEnded)]
    said = next(one.result["msg"] for one in reversed(ended) if one.status == "failed")
    assert "held by shop/web-1, shop/alone:" in said
    assert "flannel" not in said
    assert "disruption budget" in said
    assert "run again" in said
    assert ran(host, "restart", "start") == []
    assert host.lstat("/usr/local/bin/k3s").target.endswith("v1.36.3+k3s1/k3s")
    assert host.lstat(DRAINED) is not None


def test_what_a_broken_run_had_drained_is_uncordoned_by_the_next(player):
    host = server("v1.36.3+k3s2")
    host.add_file(DRAINED, "x")
    ready = {
        "metadata": {"name": "s1"},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    host.when(f"{KUBECTL} get nodes", stdout=json.dumps({"items": [ready]}))
    host.when(f"{KUBECTL} get node s1", stdout="v1.36.3+k3s2")
    given = {
        "distribution": "k3s", "distribution_release": "v1.36.3+k3s2", "distribution_asked": "s1",
        "distribution_start_timeout": 2,
    }  # fmt: skip
    tasks = {"import_role": {"name": "distribution-service", "tasks_from": "settled"}}
    play = [{"hosts": "s1", "gather_facts": False, "tasks": [tasks]}]
    played = player.run(play, HA, {"s1": host}, **given)
    assert played.failure("s1") == "", played.steps("s1")
    assert ran(host, "uncordon") == ["uncordon"]
    assert host.lstat(DRAINED) is None
