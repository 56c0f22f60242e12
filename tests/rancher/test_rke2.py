"""RKE2's playbooks on bare hosts, from nothing to nothing, on releases made of the double.

With ``KPLAY_RELEASES=DIR`` the releases are upstream's own. The tests follow each other.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from course import Course, course
from exactness import allowed, compare
from project import ROOT
from traces import LOGIN_RECORDS

from kplay import lab

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.rancher

SERVERS = ["server1", "server2", "server3"]
HOSTS = [*SERVERS, "agent1"]
SNAPSHOTS = "/var/lib/rancher/rke2/server/db/snapshots"
CIS = {"distribution_cis": True}
NOISE = LOGIN_RECORDS | {"/run", "/tmp", "/var/tmp"}


@pytest.fixture(scope="module")
def rke2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    ready = lab.load_lab(ROOT / "inventories/lab/rke2-ha.yml")
    hosts = tuple(one for one in ready.hosts if one.name in HOSTS)
    with course(
        dataclasses.replace(ready, hosts=hosts), "rke2", tmp_path_factory.mktemp("rke2")
    ) as it:
        it.build("rke2.yml", 0)
        it.build("rke2.yml", 1)
        it.planned = it.plan("rke2.yml", **CIS)
        it.play("apply", "rke2.yml", "--diff", **CIS)
        yield it


def is_converged(rke2: Course, release: int = 0) -> None:
    said = rke2.play("plan", "rke2.yml", "--detailed-exitcode", release=release, **CIS)
    assert "no changes" in said.lower()


def test_bare_hosts_are_a_cluster(rke2: Course) -> None:
    for host in SERVERS:
        assert rke2.nodes(host) == dict.fromkeys(HOSTS, ("Ready", rke2.versions[0]))
    joined = [host for host, task in rke2.changed() if task == "Start the service"]
    assert [host for host in joined if host in SERVERS] == SERVERS


def test_a_service_is_reached_from_every_node(rke2: Course) -> None:
    ended = [one for one in rke2.events() if one["event"] == "StepEnded"]
    task = "Reach the cluster's DNS by its Service from every node"
    reached = [one for one in ended if one["place"]["task"].endswith(task)]
    assert {one["place"]["host"]: one["status"] for one in reached} == dict.fromkeys(HOSTS, "ok")


def test_the_plan_of_bare_hosts_said_what_apply_did(rke2: Course) -> None:
    assert compare(rke2.planned, rke2.events(), allowed()).faults() == []


def test_the_profile_is_on_and_hosts_are_as_it_asks(rke2: Course) -> None:
    share = f"/usr/local/lib/rke2/{rke2.versions[0]}/share/rke2/rke2-cis-sysctl.conf"
    for host in HOSTS:
        assert "profile: cis" in rke2.root(host, "cat /etc/rancher/rke2/config.yaml")
        rke2.root(host, f"cmp {share} /etc/sysctl.d/60-rke2-cis.conf")
    for host in SERVERS:
        user = rke2.root(host, "getent passwd etcd").strip().split(":")
        assert (user[4], user[6]) == ("etcd user", "/sbin/nologin")
    rke2.root("agent1", "getent passwd etcd", code=2)


def test_again_nothing_changes_and_nothing_is_restarted(rke2: Course) -> None:
    before = rke2.started()
    is_converged(rke2)
    rke2.play("run", "rke2.yml", **CIS)
    assert rke2.changed() == []
    assert rke2.started() == before


def test_the_other_method_is_refused_before_anything_is_done(rke2: Course) -> None:
    before = rke2.started()
    said = rke2.play("apply", "rke2.yml", code=2, distribution_method="rpm")
    assert "rke2-install-mixed" in said
    by = ("--skip-tags", "preflight")
    said = rke2.play("apply", "rke2.yml", *by, code=2, distribution_method="rpm")
    assert "has RKE2 by tarball (/usr/local/bin/rke2)" in said
    assert "distribution_method rpm would bring it by rpm" in said
    assert rke2.started() == before


def test_a_restore_takes_back_what_was_done_since_the_snapshot(rke2: Course) -> None:
    rke2.root("server1", f"{rke2.kubectl} create configmap before")
    kept = rke2.directory / "kept"
    said = rke2.play("apply", "rke2-snapshot.yml", distribution_snapshot_fetch=str(kept))
    name = next(path.name for path in kept.iterdir() if path.suffix != ".token")
    assert f"server1:{SNAPSHOTS}/{name}" in said
    assert {path.stat().st_mode & 0o777 for path in kept.iterdir()} == {0o600}
    rke2.root("server1", f"{rke2.kubectl} create configmap after")
    rke2.root("server1", f"{rke2.kubectl} delete configmap before")

    rke2.play("apply", "rke2-restore.yml", distribution_restore_snapshot=name)
    begun = [(host, task) for host, task in rke2.changed() if task.startswith("Start ")]
    assert [host for host, _ in begun] == [*SERVERS, "agent1"]
    assert rke2.nodes("server3") == dict.fromkeys(HOSTS, ("Ready", rke2.versions[0]))
    for host in SERVERS:
        names = rke2.root(host, f"{rke2.kubectl} get configmaps -o name").split()
        assert "configmap/before" in names
        assert "configmap/after" not in names
        assert "etcd ok" in rke2.root(host, f"{rke2.kubectl} get --raw='/readyz?verbose'")
    is_converged(rke2)


def test_a_snapshot_that_is_missing_stops_nothing(rke2: Course) -> None:
    before = rke2.started()
    said = rke2.play("apply", "rke2-restore.yml", code=2, distribution_restore_snapshot="none")
    assert f"server1 has no snapshot {SNAPSHOTS}/none" in said
    assert "on-demand-server1-" in said
    assert rke2.started() == before


def test_the_controllers_copy_brings_a_cluster_back_too(rke2: Course) -> None:
    kept = next(path for path in (rke2.directory / "kept").iterdir() if path.suffix != ".token")
    rke2.root("server2", f"{rke2.kubectl} create configmap later")
    rke2.root("server1", f"rm {SNAPSHOTS}/on-demand-*")
    rke2.play("apply", "rke2-restore.yml", distribution_restore_upload=str(kept))
    names = rke2.root("server3", f"{rke2.kubectl} get configmaps -o name").split()
    assert "configmap/before" in names
    assert "configmap/later" not in names
    assert rke2.nodes("server1") == dict.fromkeys(HOSTS, ("Ready", rke2.versions[0]))


def test_an_upgrade_goes_server_by_server_and_then_to_agents(rke2: Course) -> None:
    rke2.play("apply", "rke2.yml", release=1, **CIS)
    assert rke2.nodes("server1") == dict.fromkeys(HOSTS, ("Ready", rke2.versions[1]))
    done = rke2.changed()
    for step in ("Drain", "Switch to the release", "Let pods onto the node again"):
        assert [host for host, task in done if task == step] == HOSTS
    names = rke2.root("server1", f"{rke2.kubectl} get configmaps -o name").split()
    assert "configmap/before" in names
    is_converged(rke2, release=1)


def test_no_token_reached_a_log(rke2: Course) -> None:
    token = rke2.root("server1", "cat /var/lib/rancher/rke2/server/node-token").strip()
    secret = token.rpartition(":")[2]
    assert not [text for text in rke2.texts() if secret in text]


def test_uninstall_leaves_nothing(rke2: Course) -> None:
    rke2.play("apply", "rke2-uninstall.yml", release=1)
    for host in HOSTS:
        assert rke2.root(host, "ps -eo args= | grep '[r]ancher/rke2' || true") == ""
        assert "rancher" not in rke2.root(host, "cat /proc/self/mounts | grep rke2 || true")
        assert {"cni0", "flannel.1"}.isdisjoint(rke2.root(host, "ls /sys/class/net").split())
        assert "KUBE-" not in rke2.root(host, "iptables-save; ip6tables-save || true")
        rke2.root(host, "getent passwd etcd", code=2)
        left = {path for path in rke2.traces(host) if "rke2" in path or "rancher" in path}
        assert left - NOISE == set()
    again = rke2.play("plan", "rke2-uninstall.yml", "--detailed-exitcode", release=1)
    assert "no changes" in again.lower()
