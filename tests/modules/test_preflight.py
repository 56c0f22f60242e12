"""preflight: the role from end to end, planned on hosts in memory."""

from __future__ import annotations

import json
import time
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from kplay.execute.options import RunOptions
from kplay.execute.prepare import prepare
from kplay.plan.offline import forecast
from kplay.report.failure import text
from kplay.testing import FakeHost
from kplay.testing.fleet import FakeFleet
from kplay.walk import events
from kplay.walk.walker import Walker
from kplay.walk.world import World

ROLES = Path(__file__).parents[2] / "playbooks/roles"
INVENTORY = """\
    all:
      children:
        server: {hosts: {s1: {ansible_host: 10.0.0.1}}}
        agent: {hosts: {a1: {ansible_host: 10.0.0.2}, a2: {ansible_host: 10.0.0.3}}}
    """
PLAY = """\
    - hosts: all
      gather_facts: false
      roles: [preflight]
    """


def host(number: int) -> FakeHost:
    made = FakeHost(
        files={
            "/etc/machine-id": f"{number:032x}\n",
            "/etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
            "/proc/meminfo": "MemTotal: 4194304 kB\nSwapTotal: 0 kB\n",
            "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu memory pids\n",
            "/proc/mounts": "proc /proc proc rw 0 0\n",
            "/proc/sys/net/ipv4/ip_forward": "0\n",
            "/proc/sys/net/bridge/bridge-nf-call-iptables": "1\n",
            "/proc/filesystems": "nodev\toverlay\n",
        },
        now=time.time(),
        facts={"nodename": f"h{number}", "release": "6.1", "machine": "x86_64"},
    )
    made.when("nproc", stdout="2\n")
    made.when("ip -j addr show", stdout="[]")
    made.when("ip -j -4 route show", stdout='[{"dst": "default", "dev": "eth0"}]')
    made.when("ip -j -6 route show", stdout="[]")
    made.when("df -Pk", stdout="F 1K U A C M\n/dev/sda 99999999 1 41943040 1% /\n")
    made.when(
        "systemctl show",
        stdout="Id=chrony.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n",
    )
    return made


class Site:
    """Three hosts and the role, in a user's directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.hosts = {name: host(number) for number, name in enumerate(("s1", "a1", "a2"), 1)}
        (path / "roles").symlink_to(ROLES)
        (path / "hosts.yml").write_text(dedent(INVENTORY))

    def plan(self, **variables: Any) -> list[events.Event]:
        (self.path / "play.yml").write_text(dedent(PLAY))
        options = RunOptions(
            playbooks=(self.path / "play.yml",),
            inventory=(str(self.path / "hosts.yml"),),
            extra_vars=(json.dumps(variables),),
        )
        prepared = prepare(options)
        world = World(
            store=prepared.store,
            loader=prepared.loader,
            make_fleet=lambda post: FakeFleet(post, hosts=self.hosts),  # type: ignore[arg-type]
            planning=True,
            tags=prepared.tags,
        )
        seen: list[events.Event] = []
        Walker(prepared.graph, world, seen.append).run()
        return seen


def judged(seen: list[events.Event]) -> events.StepEnded:
    """The end of the judging step."""
    return next(
        one
        for one in seen
        if isinstance(one, events.StepEnded) and one.place.task.endswith("found on all hosts")
    )


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_hosts_that_nothing_is_wrong_with(site: Site) -> None:
    end = judged(site.plan())
    assert (end.status, end.result["findings"]) == ("ok", [])
    assert end.result["msg"] == "3 hosts looked at, no errors"
    assert not [one for host in site.hosts.values() for one in host.writes]


def test_a_component_that_there_is_not_is_said_and_stops_nothing(site: Site) -> None:
    end = judged(site.plan(distribution_disable=["traefk", "servicelb"]))
    assert (end.status, end.result["errors"]) == ("ok", 0)
    assert [(one["id"], one["severity"]) for one in end.result["findings"]] == [
        ("disable-unknown", "warning")
    ]
    assert end.result["findings"][0]["text"].endswith("of K3s: did you mean `traefik`?")


def test_everything_is_said_at_once_and_every_host_stops(site: Site) -> None:
    site.hosts["a1"].add_file("/etc/machine-id", f"{1:032x}\n")
    site.hosts["a2"].when("ip -j -4 route show", stdout="[]")
    site.hosts["a2"].reached["10.0.0.1", 6443, "tcp"] = {"outcome": "silent"}
    site.hosts["a1"].add_file("/proc/meminfo", "MemTotal: 4194304 kB\nSwapTotal: 1048576 kB\n")
    seen = site.plan()
    end = judged(seen)
    assert end.status == "failed"
    assert [(one["id"], one["host"]) for one in end.result["findings"]] == [
        ("machine-id-duplicate", "s1"),
        ("machine-id-duplicate", "a1"),
        ("swap", "a1"),
        ("port-blocked", "a2"),
        ("default-route-missing", "a2"),
    ]
    said = text(end)
    assert said.startswith(
        "error[preflight]: preflight : Judge what was found on all hosts: 4 errors"
    )
    assert "roles/preflight/tasks/main.yml" in said
    assert "s1 (10.0.0.1) is not reached on 6443/tcp (Kubernetes API and supervisor)" in said
    assert {one.host for one in seen if isinstance(one, events.HostLost)} == {"s1", "a1", "a2"}


def test_warnings_alone_are_said_and_stop_nobody(site: Site) -> None:
    site.hosts["a1"].add_file("/proc/meminfo", "MemTotal: 4194304 kB\nSwapTotal: 1048576 kB\n")
    seen = site.plan()
    assert judged(seen).status == "ok"
    said = [one.message for one in seen if isinstance(one, events.Warned)]
    assert [one for one in said if "a1: 1024 MiB of swap are on [swap]" in one]
    assert not judged(site.plan(preflight_ignore=["swap"])).result["findings"]


def test_from_files_alone_it_is_unknown(site: Site) -> None:
    (site.path / "play.yml").write_text(dedent(PLAY))
    options = RunOptions(
        playbooks=(site.path / "play.yml",), inventory=(str(site.path / "hosts.yml"),)
    )
    found = forecast(options)
    assert [(one.task, one.action) for one in found.prospects] == [
        ("preflight : Judge what was found on all hosts", "unknown")
    ]
    assert found.reads == 6


def test_an_id_that_is_none(site: Site) -> None:
    end = judged(site.plan(preflight_ignore=["swop"]))
    assert end.status == "failed"
    assert "`preflight_ignore` names `swop`, which is no finding" in end.result["msg"]
    assert "did you mean `swap`?" in end.result["msg"]


def test_what_is_not_looked_at_yet_is_unknown(site: Site) -> None:
    given = {"looked": {}, "reached": {}, "settings": {"profile": "k3s"}}
    assert set(given) == {"looked", "reached", "settings"}
    play = """\
        - hosts: s1
          gather_facts: false
          tasks:
            - command: uname
              register: one
            - preflight: {settings: {profile: k3s}, looked: {s1: "{{ one.stdout }}"}, reached: {}}
        """
    site.hosts["s1"].when("uname")
    (site.path / "other.yml").write_text(dedent(play))
    options = RunOptions(
        playbooks=(site.path / "other.yml",), inventory=(str(site.path / "hosts.yml"),)
    )
    prepared = prepare(options)
    world = World(
        store=prepared.store, loader=prepared.loader, planning=True, tags=prepared.tags,
        make_fleet=lambda post: FakeFleet(post, hosts=site.hosts),  # type: ignore[arg-type]
    )  # fmt: skip
    seen: list[events.Event] = []
    Walker(prepared.graph, world, seen.append).run()
    end = next(
        one for one in seen if isinstance(one, events.StepEnded) and one.place.module == "preflight"
    )
    assert end.result["msg"] == "not known yet"
    assert end.causes
