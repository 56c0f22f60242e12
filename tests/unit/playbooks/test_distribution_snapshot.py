"""Snapshots of etcd: where they lie, what is kept, and what the controller gets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kplay.testing import FakeHost

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAYBOOKS = Path(__file__).parents[3] / "playbooks"


def server(name: str, folder: str | None = None, etcd: bool = True) -> FakeHost:
    """A server with an older snapshot, whose program takes new ones."""
    data = f"/var/lib/rancher/{name}/server"
    folder = folder or f"{data}/db/snapshots"
    host = FakeHost(
        files={
            f"{data}/token": "K10abc::server:secret\n",
            f"{folder}/on-demand-s1-1": "old",
            **({f"{data}/db/etcd/name": "s1"} if etcd else {}),
        }
    )

    def saves(on: FakeHost, argv: Sequence[str]) -> str:
        on.now += 60
        on.add_file(f"{folder}/{argv[argv.index('--name') + 1]}-s1-2", "new")
        return "Snapshot saved.\n"

    program = f"/usr/local/bin/{name} etcd-snapshot"
    return host.when(f"{program} save", does=saves).when(f"{program} prune")


def taken(player: Any, name: str = "rke2", host: FakeHost | None = None, **variables: Any) -> Any:
    group = {"rke2": "rke2_servers", "k3s": "server"}[name]
    fake = {"s1": host or server(name), "s2": FakeHost()}
    return player.run(PLAYBOOKS / f"{name}-snapshot.yml", {group: ["s1", "s2"]}, fake, **variables)


def messages(played: Any) -> list[str]:
    return [
        str(one.result.get("msg"))
        for one in played.events
        if getattr(one, "place", None) and one.place.task.endswith("Say where it is")
    ]


@pytest.mark.parametrize("name", ["rke2", "k3s"])
def test_the_first_server_takes_one(player, name):
    played = taken(player, name)
    assert played.failure("s1") == ""
    host = played.hosts["s1"]
    assert [run.argv for run in host.runs] == [
        (f"/usr/local/bin/{name}", "etcd-snapshot", "save", "--name", "on-demand")
    ]
    assert messages(played) == [f"s1:/var/lib/rancher/{name}/server/db/snapshots/on-demand-s1-2"]
    assert played.steps("s2") == []


def test_a_name_and_a_number_to_keep(player):
    played = taken(player, distribution_snapshot_name="before", distribution_snapshot_keep=3)
    argv = [run.argv[1:] for run in played.hosts["s1"].runs]
    assert argv == [
        ("etcd-snapshot", "save", "--name", "before"),
        ("etcd-snapshot", "prune", "--name", "before", "--snapshot-retention", "3"),
    ]


def test_the_folder_of_the_configuration(player):
    played = taken(
        player,
        host=server("rke2", "/srv/snapshots"),
        distribution_server_config={"etcd-snapshot-dir": "/srv/snapshots"},
    )
    assert messages(played) == ["s1:/srv/snapshots/on-demand-s1-2"]


def test_the_controller_gets_the_snapshot_and_the_token_for_its_owner_alone(player, tmp_path):
    kept = tmp_path / "kept"
    played = taken(player, distribution_snapshot_fetch=str(kept))
    assert played.failure("s1") == ""
    assert (kept / "on-demand-s1-2").read_text() == "new"
    assert (kept / "on-demand-s1-2.token").read_text() == "K10abc::server:secret\n"
    made = played.hosts["localhost"].writes
    assert ("chmod", f"{kept}/on-demand-s1-2.token") in made


def test_sqlite_has_no_snapshots(player):
    played = taken(player, "k3s", server("k3s", etcd=False))
    assert played.failure("s1").startswith(
        "s1 has no embedded etcd in /var/lib/rancher/k3s/server/db"
    )
    assert played.hosts["s1"].runs == []


@pytest.mark.parametrize("before", [True, False])
def test_a_plan_runs_nothing_and_takes_no_older_one_for_it(player, tmp_path, before):
    host = server("rke2")
    if not before:
        host.remove("/var/lib/rancher/rke2/server/db/snapshots/on-demand-s1-1")
    kept = str(tmp_path / "kept")
    played = taken(player, host=host, planning=True, distribution_snapshot_fetch=kept)
    assert "on-demand-s1-1" not in str(played.events)
    assert played.failure("s1") == ""
    assert played.hosts["s1"].runs == []
