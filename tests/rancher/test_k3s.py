"""K3s' playbooks on bare hosts, from nothing to nothing, on releases made of the double.

With ``KPLAY_RELEASES=DIR`` the releases are upstream's own.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

import pytest
from course import Course, course
from exactness import allowed, compare
from project import ROOT, wait_for
from traces import LOGIN_RECORDS

from kplay import lab

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVERS = ("server1", "server2")
HOSTS = (*SERVERS, "agent1")
TOKEN = re.compile(r"K10[0-9a-f]{64}::\w+:\w+|\b[0-9a-f]{32}\b")

# What K3s needs no host for: of all hosts' own, written whenever they run
NOISE = LOGIN_RECORDS | {"/run", "/tmp", "/var/tmp"}


@pytest.fixture(scope="module")
def k3s(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    ready = lab.load_lab(ROOT / "inventories/lab/k3s.yml")
    first, agent, _ = ready.hosts
    hosts = (first, dataclasses.replace(first, name="server2"), agent)
    with course(
        dataclasses.replace(ready, hosts=hosts), "k3s", tmp_path_factory.mktemp("k3s")
    ) as it:
        it.build("k3s.yml", 0)
        it.planned = it.plan("k3s.yml")
        it.play("apply", "k3s.yml", "--diff")
        yield it


@pytest.mark.cluster
@pytest.mark.rancher
def test_bare_hosts_are_a_cluster(k3s: Course) -> None:
    assert k3s.nodes("server2") == dict.fromkeys(HOSTS, ("Ready", k3s.versions[0]))
    labels = k3s.root("server1", f"{k3s.kubectl} get nodes -l node-role.kubernetes.io/etcd -o name")
    assert labels.split() == ["node/server1", "node/server2"]
    # Joined by the token that names the cluster's CA, in a file of root's own
    assert k3s.root("agent1", "cat /etc/rancher/k3s/token").startswith("K10")
    assert k3s.root("agent1", "stat -c %a /etc/rancher/k3s/token").strip() == "600"


@pytest.mark.cluster
@pytest.mark.rancher
def test_the_plan_said_what_apply_did(k3s: Course) -> None:
    table = compare(k3s.planned, k3s.events(), allowed())
    assert len(table.changed) > 30
    assert table.faults() == []
    assert table.count("missed") == 0


@pytest.mark.cluster
@pytest.mark.rancher
def test_no_token_reached_a_log_or_an_argument(k3s: Course) -> None:
    token = k3s.root("server1", "cat /var/lib/rancher/k3s/server/node-token").strip()
    secret = token.rpartition(":")[2]
    assert not [text for text in k3s.texts() if secret in text]
    for host in HOSTS:
        assert secret not in k3s.root(host, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")


WEB = """\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      tolerations: [{operator: Exists}]
      containers:
        - name: web
          image: kplay.local/web:1
          imagePullPolicy: IfNotPresent
          command: [/web, serve]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 8080}]}
"""


@pytest.mark.cluster
@pytest.mark.rancher
def test_a_service_answers_from_every_node_to_every_node(k3s: Course) -> None:
    k3s.root("server1", f"{k3s.kubectl} apply -f - <<'E'\n{WEB}E\n")
    k3s.root("server1", f"{k3s.kubectl} rollout status daemonset/web --timeout=100s")
    fields = "{.metadata.name} {.spec.nodeName} {.status.podIP}"
    where = f"jsonpath='{{range .items[*]}}{fields}{{\"\\n\"}}{{end}}'"
    listed = k3s.root("server1", f"{k3s.kubectl} get pods -l app=web -o {where}")
    pods = [line.split() for line in listed.splitlines()]
    assert sorted(node for _, node, _ in pods) == sorted(HOSTS)
    fetches = "".join(
        f"{k3s.kubectl} exec {name} -- /web fetch http://{address}:8080/\n"
        for name, _, _ in pods
        for address in [*(one for _, _, one in pods), "web.default.svc.cluster.local"]
    )
    k3s.root("server1", fetches)


@pytest.mark.cluster
@pytest.mark.rancher
def test_again_nothing_changes_and_nothing_is_restarted(k3s: Course) -> None:
    before = k3s.started()
    k3s.play("run", "k3s.yml")
    assert k3s.changed() == []
    assert k3s.started() == before


@pytest.mark.cluster
@pytest.mark.rancher
def test_a_cluster_is_not_begun_anew_beside_the_one_that_stands(k3s: Course) -> None:
    before = k3s.started()
    said = k3s.play("plan", "k3s.yml", code=2, distribution_data_directory="/srv/k3s")
    for host in HOSTS:
        assert f"{host} has the data of its cluster in /var/lib/rancher/k3s" in said
    ready = str(lab.inventory_path(k3s.lab))
    moved = k3s.directory / "moved.yml"
    moved.write_text("server: {hosts: {agent1: {}}}\n")
    said = k3s.play("run", "k3s.yml", "-i", ready, "-i", str(moved), code=2)
    assert "agent1 is an agent of the cluster (unit k3s-agent is enabled)" in said
    assert k3s.started() == before


@pytest.mark.rancher
def test_a_second_plan_is_empty(k3s: Course) -> None:
    assert k3s.plan("k3s.yml") == []


@pytest.mark.rancher
def test_a_killed_server_comes_back_and_does_not_take_others_along(k3s: Course) -> None:
    k3s.root("server2", "systemctl kill --signal=KILL k3s", code=None)
    ask = f"{k3s.kubectl} get node server2 --no-headers"
    wait_for(lambda: " Ready " in k3s.root("server2", ask, code=None), "server2 is ready", 120)
    assert k3s.nodes("server1") == dict.fromkeys(HOSTS, ("Ready", k3s.versions[0]))


@pytest.mark.rancher
def test_a_run_that_broke_is_finished_by_the_next(k3s: Course) -> None:
    """Files are changed, and the run ends before any service is restarted."""
    before = k3s.started()
    changed = {"distribution_server_config": {"kube-apiserver-arg": ["v=1"]}}
    k3s.play("run", "k3s.yml", "--tags", "install", **changed)
    assert {task for _, task in k3s.changed()} == {"Configure it"}
    k3s.play("run", "k3s.yml", **changed)
    assert k3s.changed() == [(host, "Start the service") for host in SERVERS]
    after = k3s.started()
    assert after["agent1"] == before["agent1"]
    assert after["server1"] != before["server1"]
    assert k3s.plan("k3s.yml", **changed) == []
    k3s.play("run", "k3s.yml")


@pytest.mark.rancher
def test_a_drain_that_cannot_finish_stops_the_upgrade_and_names_the_pod(k3s: Course) -> None:
    k3s.build("k3s.yml", 1)
    budget = "create poddisruptionbudget stay --selector=app=held --min-available=1"
    held = (
        "run held --image=kplay.local/web:1 --image-pull-policy=IfNotPresent --labels=app=held"
        ' --overrides=\'{"spec":{"nodeName":"server1"}}\' --command -- /web serve'
    )
    k3s.root("server1", f"{k3s.kubectl} {held}\n{k3s.kubectl} {budget}\n"
           f"{k3s.kubectl} wait --for=condition=Ready pod/held --timeout=60s")  # fmt: skip
    before = k3s.started()
    said = k3s.play(
        "run", "k3s.yml", release=1, code=2, distribution_drain_timeout=8,
        distribution_drain_arguments=["--ignore-daemonsets", "--delete-emptydir-data", "--force"],
    )  # fmt: skip
    assert "default/held" in said
    assert "disruption budget" in said
    assert k3s.started() == before
    k3s.root("server1", f"{k3s.kubectl} delete pod/held pdb/stay --grace-period=0 --force")


@pytest.mark.rancher
def test_another_release_goes_server_by_server_and_then_to_agents(k3s: Course) -> None:
    planned = k3s.plan("k3s.yml", release=1)
    k3s.play("run", "k3s.yml", release=1)
    table = compare(planned, k3s.events(), allowed())
    assert table.faults() == []
    assert k3s.nodes("server1") == dict.fromkeys(HOSTS, ("Ready", k3s.versions[1]))
    done = k3s.changed()
    for task in ("Drain", "Switch to the release", "Start the service"):
        assert [host for host, one in done if one == task] == list(HOSTS), task
    assert [host for host, one in done if one == "Let pods onto the node again"] == list(HOSTS)
    assert k3s.plan("k3s.yml", release=1) == []
    test_a_service_answers_from_every_node_to_every_node(k3s)


@pytest.mark.rancher
def test_what_cannot_be_is_refused_before_anything_is_done(k3s: Course) -> None:
    before = k3s.started()
    said = k3s.play("run", "k3s.yml", release=0, code=2)
    assert "a cluster does not go back" in said
    said = k3s.play("run", "k3s.yml", release=1, code=2, distribution_datastore="sqlite")
    assert "sqlite is for one server" in said
    said = k3s.play("run", "k3s.yml", release=1, code=2, distribution_config={"token": "x"})
    assert "would stand in plans and logs" in said
    said = k3s.play("run", "k3s.yml", release=1, code=2, distribution_token="an0ther")
    assert "distribution_token is not the token of the cluster that server1 has" in said
    assert k3s.started() == before


@pytest.mark.rancher
def test_a_host_leaves_a_cluster_that_goes_on(k3s: Course) -> None:
    k3s.play("run", "k3s-uninstall.yml", "--limit", "agent1", release=1)
    assert sorted(k3s.nodes("server1")) == list(SERVERS)
    k3s.play("run", "k3s.yml", release=1)
    assert sorted(k3s.nodes("server1")) == sorted(HOSTS)


@pytest.mark.cluster
@pytest.mark.rancher
def test_uninstall_leaves_nothing(k3s: Course) -> None:
    k3s.play("run", "k3s-uninstall.yml", release=1)
    for host in HOSTS:
        running = k3s.root(host, "ls -l /proc/[0-9]*/exe 2>/dev/null | grep rancher", code=None)
        assert running == "", f"{host}: {running}"
        mounts = k3s.root(host, "cut -d' ' -f2 /proc/self/mounts").splitlines()
        below = ("/run/k3s", "/var/lib/rancher/", "/var/lib/kubelet/", "/run/netns/cni-")
        assert [one for one in mounts if one.startswith(below)] == []
        links = k3s.root(host, "ls /sys/class/net").split()
        assert [one for one in links if one.startswith(("cni", "flannel", "veth"))] == []
        rules = k3s.root(host, "iptables-save; ip6tables-save", code=None)
        assert not re.search("KUBE-|CNI-|FLANNEL", rules)
        assert k3s.root(host, "ls /run/netns 2>/dev/null", code=None) == ""
        left = sorted(path for path in k3s.traces(host) if not noise(path))
        assert left == [], f"{host}: {' '.join(left)}"


@pytest.mark.rancher
def test_from_bare_hosts_there_is_nothing_to_take_away(k3s: Course) -> None:
    assert k3s.plan("k3s-uninstall.yml", release=1) == []


def noise(path: str) -> bool:
    """Whether a path is what logins, and systemd by itself, write on any host."""
    return path in NOISE or path.startswith(("/var/lib/systemd", "/tmp/", "/run/"))
