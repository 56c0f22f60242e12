"""Going back to a snapshot: what is refused before anything stops, and what is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kplay.testing import FakeHost

if TYPE_CHECKING:
    from collections.abc import Sequence

CLUSTER = "/etc/rancher/%s/config.yaml.d/10-cluster.yaml"
PLAYBOOKS = Path(__file__).parents[3] / "playbooks"
RKE2 = {"rke2_servers": ["s1", "s2", "s3"], "rke2_agents": ["a1"]}
K3S = {"server": ["s1", "s2", "s3"], "agent": ["a1"]}
READY = (
    '{"items": [{"metadata": {"name": "%s"}, "status": {"conditions":'
    ' [{"type": "Ready", "status": "True"}]}}]}'
)
HEAD = "# How this server came into its cluster: read while it has no data. Written by kplay.\n"
JOINS = "server: https://s1:%s\ntoken-file: /etc/rancher/%s/token\n"
COMES = {
    "s1": {"k3s": HEAD + "cluster-init: true\n\n", "rke2": HEAD + "{}\n\n"},
    "s2": {"k3s": HEAD + JOINS % (6443, "k3s"), "rke2": HEAD + JOINS % (9345, "rke2")},
    "a1": {"k3s": "", "rke2": ""},
}
COMES["s3"] = COMES["s2"]


def fleet(player: Any, groups: dict[str, list[str]], log: list[str]) -> dict[str, FakeHost]:
    """Hosts of a running cluster with a snapshot on each server; resets are written down."""
    name = "rke2" if groups is RKE2 else "k3s"
    made = {}
    for host in [one for hosts in groups.values() for one in hosts]:
        kind = "server" if host.startswith("s") else "agent"
        unit = name if (name, kind) == ("k3s", "server") else f"{name}-{kind}"
        data = f"/var/lib/rancher/{name}/server/db"
        files = {
            f"/usr/local/bin/{name}": "a program",
            "/proc/self/mounts": "/dev/vda / ext4 rw 0 0\n",
            f"/etc/rancher/{name}/config.yaml.d/10-cluster.yaml": COMES[host][name],
        }
        if kind == "server":
            files |= {
                f"{data}/etcd/name": host,
                f"{data}/etcd-old-1/name": host,
                f"{data}/snapshots/on-demand-{host}-1": "a snapshot",
                f"{data}/reset-flag": "",
                f"/var/lib/rancher/{name}/server/node-token": f"K10ab::server:{host}\n",
            }
        one = FakeHost(files=files)
        player.with_units(one, {f"{unit}.service": "active enabled"})
        one.when(f"/usr/local/bin/{name} server", does=_said(host, log))
        nodes = ("s1", "s2", "s3", "a1")
        items = ",".join(READY[len('{"items": [') : -2] % node for node in nodes)
        for program in ("/usr/local/bin/kubectl", "/var/lib/rancher/rke2/bin/kubectl"):
            one.when(program, stdout=f'{{"items": [{items}]}}')
        made[host] = one
    return made


def _said(host: str, log: list[str]) -> Any:
    def done(_on: FakeHost, argv: Sequence[str]) -> str:
        log.append(f"{host}: {' '.join(argv)}")
        return ""

    return done


def told(played: Any, *tasks: str) -> list[str]:
    """Hosts and tasks of the steps that changed something, in order, of those tasks alone."""
    return [
        f"{host} {task}"
        for host, task in played.order()
        if not tasks or any(task.startswith(one) for one in tasks)
    ]


def restored(player, groups=RKE2, **variables):
    name = "rke2" if groups is RKE2 else "k3s"
    log: list[str] = []
    fake = fleet(player, groups, log)
    played = player.run(PLAYBOOKS / f"{name}-restore.yml", groups, fake, **variables)
    return played, log


@pytest.mark.parametrize(("groups", "name"), [(RKE2, "rke2"), (K3S, "k3s")])
def test_all_stop_one_goes_back_and_the_others_join_it_one_by_one(player, groups, name):
    played, log = restored(player, groups, distribution_restore_snapshot="on-demand-s1-1")
    assert [played.failure(host) for host in ("s1", "s2", "s3", "a1")] == [""] * 4
    data = f"/var/lib/rancher/{name}/server/db"
    assert log == [
        (
            f"s1: /usr/local/bin/{name} server --cluster-reset"
            f" --cluster-reset-restore-path={data}/snapshots/on-demand-s1-1"
        )
    ]
    done = told(played, "Stop", "Go back", "Remove it", "Start")
    assert done[0] == f"a1 Stop {name}"
    assert sorted(done[1:4]) == [f"s{n} Stop {name}" for n in (1, 2, 3)]
    assert done[4:] == [
        "s1 Go back to the snapshot",
        "s1 Start the first server",
        "s2 Remove it",
        "s2 Start this server",
        "s3 Remove it",
        "s3 Start this server",
        f"a1 Start {name}",
    ]
    settled = {host: played.hosts[host].text(CLUSTER % name) for host in ("s1", "s2", "s3")}
    assert {host: text.strip() for host, text in settled.items()} == {
        host: COMES[host][name].strip() for host in settled
    }
    first, other = played.hosts["s1"], played.hosts["s2"]
    assert "reset-flag" not in first.listdir(data)
    assert "etcd" in first.listdir(data)
    assert other.listdir(data) == ["snapshots"]
    assert other.listdir(f"{data}/snapshots") == ["on-demand-s2-1"]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "one snapshot is wanted, as distribution_restore_snapshot (a file on s1)"),
        (
            {"distribution_restore_snapshot": "on-demand-s1-2"},
            (
                "s1 has no snapshot /var/lib/rancher/rke2/server/db/snapshots/on-demand-s1-2; in"
                " /var/lib/rancher/rke2/server/db/snapshots there are: on-demand-s1-1"
            ),
        ),
        (
            {"distribution_restore_snapshot": "/var/lib/rancher/rke2/server/db"},
            "s1 has no snapshot /var/lib/rancher/rke2/server/db; in",
        ),
        (
            {"distribution_restore_upload": "/nowhere/on-demand-s1-1"},
            "there is no file /nowhere/on-demand-s1-1 on the controller",
        ),
        (
            {"distribution_restore_snapshot": "x", "distribution_restore_upload": "y"},
            "one snapshot is wanted",
        ),
        (
            {"distribution_restore_snapshot": "x", "distribution_restore_from_s3": True},
            "a snapshot in S3 is named without a folder, and the configuration wants etcd-s3: true",
        ),
    ],
)
def test_what_is_missing_is_said_before_anything_is_stopped(player, variables, said):
    played, log = restored(player, **variables)
    assert played.failure("s1").startswith(said)
    assert log == []
    assert all(played.changed(host) == [] for host in played.hosts)


def test_a_file_of_the_controller_is_brought_first(player, tmp_path):
    (tmp_path / "kept").write_text("an older snapshot")
    played, log = restored(player, distribution_restore_upload=str(tmp_path / "kept"))
    path = "/var/lib/rancher/rke2/server/db/snapshots/kept"
    assert log == [
        f"s1: /usr/local/bin/rke2 server --cluster-reset --cluster-reset-restore-path={path}"
    ]
    assert played.hosts["s1"].text(path) == "an older snapshot"
    assert played.hosts["s1"].stat(path).mode & 0o777 == 0o600


S3 = {
    "distribution_server_config": {"etcd-s3": True, "etcd-s3-bucket": "b"},
    "distribution_secret_config": {"etcd-s3-access-key": "k", "etcd-s3-secret-key": "s"},
}


def test_from_s3_the_name_alone_is_given(player):
    _, log = restored(
        player,
        distribution_restore_snapshot="on-demand-x",
        distribution_restore_from_s3=True,
        **S3,
    )
    assert log == [
        "s1: /usr/local/bin/rke2 server --cluster-reset --cluster-reset-restore-path=on-demand-x"
    ]


def test_a_file_of_the_host_is_not_looked_for_in_s3(player):
    _, log = restored(player, distribution_restore_snapshot="on-demand-s1-1", **S3)
    assert log[0].endswith("/snapshots/on-demand-s1-1 --etcd-s3=false")


def test_a_server_without_the_program_is_said(player):
    log: list[str] = []
    fake = fleet(player, RKE2, log)
    del fake["s2"].files.entries["/usr/local/bin/rke2"]
    played = player.run(
        PLAYBOOKS / "rke2-restore.yml",
        RKE2,
        fake,
        distribution_restore_snapshot="on-demand-s1-1",
    )
    assert played.failure("s2").startswith("s2 has no /usr/local/bin/rke2: a snapshot is restored")
    assert log == []
    assert all(played.changed(host) == [] for host in played.hosts)


def test_another_server_takes_the_place_of_a_lost_first(player):
    log: list[str] = []
    left = {"rke2_servers": ["s2", "s3"], "rke2_agents": ["a1"]}
    fake = {name: host for name, host in fleet(player, RKE2, log).items() if name != "s1"}
    played = player.run(
        PLAYBOOKS / "rke2-restore.yml", left, fake, distribution_restore_snapshot="on-demand-s2-1"
    )
    assert [played.failure(host) for host in ("s2", "s3", "a1")] == [""] * 3
    assert log == [
        (
            "s2: /usr/local/bin/rke2 server --cluster-reset --cluster-reset-restore-path"
            "=/var/lib/rancher/rke2/server/db/snapshots/on-demand-s2-1"
        )
    ]
    assert "server:" not in played.hosts["s2"].text(CLUSTER % "rke2")
    assert "server: https://s2:9345" in played.hosts["s3"].text(CLUSTER % "rke2")
    assert played.hosts["s3"].text("/etc/rancher/rke2/token") == "K10ab::server:s2\n"


def test_pods_of_rke2_servers_are_ended_and_those_of_agents_run_on(player):
    log: list[str] = []
    fake = fleet(player, RKE2, log)
    shim = "/var/lib/rancher/rke2/data/v1/bin/containerd-shim-runc-v2"
    for host in fake.values():
        host.add_file("/proc/77/stat", "77 (shim) S 1 77")
        host.add_link("/proc/77/exe", shim)
        host.when("kill -KILL 77", does=lambda on, _argv: on.remove("/proc/77") or "")
    played = player.run(
        PLAYBOOKS / "rke2-restore.yml",
        RKE2,
        fake,
        distribution_restore_snapshot="on-demand-s1-1",
    )
    killed = [
        name for name, host in fake.items() if any(run.argv[0] == "kill" for run in host.runs)
    ]
    assert killed == ["s1", "s2", "s3"]
    assert told(played, "End what", "Go back")[-1] == "s1 Go back to the snapshot"
