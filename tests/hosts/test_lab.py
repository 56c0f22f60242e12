"""The lab itself, with real machines."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from lab_traces import traces
from project import run_on as on

from kplay import lab as labs
from kplay.errors import KplayError
from kplay.lab import inotify
from kplay.lab.nspawn import machine
from kplay.lab.nspawn.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.hosts
SINGLE = Path(__file__).parents[2] / "inventories/lab/single.yml"


def quiet(host: str, message: str) -> None:
    """Take progress and say nothing."""


def states(lab: labs.Lab) -> dict[str, str]:
    return {one.name: one.state for one in labs.status(lab)}


@pytest.fixture
def single() -> Iterator[labs.Lab]:
    """A lab of one host under a name of its own; the test brings it up, or not."""
    lab = replace(labs.load_lab(SINGLE), name=f"one-{os.getpid()}")
    yield lab
    labs.down(lab, progress=quiet)


def test_every_host_is_a_whole_machine(lab_hosts: labs.Lab) -> None:
    assert states(lab_hosts) == dict.fromkeys(["h1", "h2", "h3", "h4"], "running")
    for host in ("h1", "h2", "h3", "h4"):
        told = on(lab_hosts, host, "cat /proc/1/comm; hostname; sudo -n id -u; cat /etc/hosts")
        assert told.stdout.splitlines() == [
            "systemd", host, "0", "127.0.0.1\tlocalhost", f"127.0.1.1\t{host}",
        ], told.stderr  # fmt: skip
    identities = {on(lab_hosts, host, "cat /etc/machine-id").stdout for host in ("h1", "h2")}
    assert len(identities) == 2


def test_no_unit_of_a_bare_host_has_failed(lab_hosts: labs.Lab) -> None:
    told = on(lab_hosts, "h1", "systemctl is-system-running --wait; systemctl --failed --no-legend")
    assert told.stdout == "running\n"


def test_a_second_up_leaves_running_hosts_alone(lab_hosts: labs.Lab) -> None:
    before = {host: on(lab_hosts, host, "cat /proc/uptime; ip -o link").stdout for host in ("h1",)}
    identities = {
        path: path.read_text() for path in Place(lab_hosts.name).path.glob("hosts/*/identity")
    }
    said: list[tuple[str, str]] = []
    path = labs.up(lab_hosts, progress=lambda host, message: said.append((host, message)))
    assert path == labs.inventory_path(lab_hosts)
    assert sorted(said) == [(host, "already up") for host in ("h1", "h2", "h3", "h4")]
    assert len(identities) == 4
    assert {path: path.read_text() for path in identities} == identities
    assert (
        before["h1"].split()[2:]
        == on(lab_hosts, "h1", "cat /proc/uptime; ip -o link").stdout.split()[2:]
    )


def test_a_bare_host_takes_no_more_inotify_than_is_reckoned_with(lab_hosts: labs.Lab) -> None:
    for host in ("h1", "h2", "h3", "h4"):
        own = machine.members(Place(lab_hosts.name).host(host))
        taken = inotify.in_use(only=own)
        # Where root is logged in, or was just now, a systemd of its own takes 3 more.
        assert 3 <= taken.instances <= inotify.BARE.instances + 3, taken
        assert taken.watches <= inotify.BARE.watches + 10, taken


def test_sudo_of_ops_asks_for_the_password(lab_hosts: labs.Lab) -> None:
    assert on(lab_hosts, "h2", "sudo -n true", user="ops").returncode != 0
    password = labs.become_password(lab_hosts)
    told = on(lab_hosts, "h2", "sudo -S -p '' id -u", user="ops", stdin=password + "\n")
    assert told.stdout == "0\n"
    assert on(lab_hosts, "h2", "sudo -S -p '' id -u", user="ops", stdin="x\n").returncode != 0


def test_a_host_key_that_is_not_the_pinned_one_is_refused(
    lab_hosts: labs.Lab, tmp_path: Path
) -> None:
    known = Place(lab_hosts.name).known_hosts
    lines = [line.split() for line in known.read_text().splitlines()]
    assert len({line[2] for line in lines}) == 4
    swapped = tmp_path / "known_hosts"
    swapped.write_text(f"{lines[0][0]} {lines[1][1]} {lines[1][2]}\n")
    argv = labs.ssh_argv(lab_hosts, "h1", ["true"])
    argv = [part.replace(str(known), str(swapped)) for part in argv]
    refused = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert refused.returncode == 255
    assert "HOST IDENTIFICATION HAS CHANGED" in refused.stderr


def test_hosts_see_each_other_and_the_controller_and_nothing_else(lab_hosts: labs.Lab) -> None:
    rows = {one.name: one.address for one in labs.status(lab_hosts)}
    controller = rows["h1"].rpartition(".")[0] + ".1"
    for address in (rows["h2"], controller):
        assert on(lab_hosts, "h1", f"ping -c1 -W5 {address}").returncode == 0
    outside = on(lab_hosts, "h1", "time -p ping -c1 -W20 192.0.2.77")
    assert outside.returncode != 0
    assert "Unreachable" in outside.stdout


def test_the_name_server_of_a_host_refuses_at_once(lab_hosts: labs.Lab) -> None:
    began = time.monotonic()
    told = on(lab_hosts, "h1", "grep -c ^nameserver /etc/resolv.conf; getent hosts example.test")
    assert told.stdout == "1\n"
    assert time.monotonic() - began < 10


def test_what_a_host_writes_is_in_its_upper_directory(lab_hosts: labs.Lab) -> None:
    upper = labs.upper_directory(lab_hosts, "h3")
    assert not (upper / "etc/hostname").exists()
    on(lab_hosts, "h3", "echo seen | sudo tee /etc/written")
    assert (upper / "etc/written").read_text() == "seen\n"
    assert not (labs.upper_directory(lab_hosts, "h4") / "etc/written").exists()


def test_a_host_cannot_set_the_clock_that_all_share(lab_hosts: labs.Lab) -> None:
    done = on(lab_hosts, "h1", "sudo date --set '+0 seconds'")
    assert done.returncode != 0
    assert "not permitted" in done.stderr
    zone = on(lab_hosts, "h1", "sudo python3 -c 'import ctypes; print(ctypes.CDLL(None,"
              " use_errno=True).settimeofday(None, (ctypes.c_int * 2)(0, 0)))'")  # fmt: skip
    assert zone.stdout == "-1\n"


def test_what_containers_and_kubelets_need_is_there(lab_hosts: labs.Lab) -> None:
    root = f"/{lab_hosts.name}-h1"
    told = on(
        lab_hosts,
        "h1",
        f"findmnt -no PROPAGATION /; ls -d /sys/fs/cgroup/*{root} | wc -l;"
        f" sudo mkdir /sys/fs/cgroup/memory{root}/t && sudo rmdir /sys/fs/cgroup/memory{root}/t;"
        f" cat /sys/fs/cgroup/cpuset{root}/cpuset.cpus;"
        " stat -f -c %T /var/lib/containerd /var/lib/rancher | sort -u;"
        " sudo ip link add c0 type bridge && sudo ip link del c0; sudo head -c0 /dev/kmsg",
    )
    lines = told.stdout.split()
    assert told.stderr == ""
    assert lines[0] == "shared"
    assert int(lines[1]) >= 8
    assert lines[2]
    assert lines[3:] == [lines[3]]
    assert lines[3] != "overlayfs"


def test_ansible_itself_takes_the_inventory(lab_hosts: labs.Lab) -> None:
    data = yaml.safe_load(labs.inventory_path(lab_hosts).read_text())
    assert data["all"]["hosts"]["h1"]["lab_cgroup_root"] == f"/{lab_hosts.name}-h1"
    argv = ["ansible", "-i", str(labs.inventory_path(lab_hosts)), "lab", "-m", "ping", "-o"]
    import sys

    program = Path(sys.executable).with_name("ansible")
    done = subprocess.run(
        [str(program), *argv[1:]], capture_output=True, text=True, check=False, timeout=180
    )
    assert done.stdout.count('"ping": "pong"') == 4, done.stdout + done.stderr


def test_a_cut_link_is_cut_until_it_is_restored(lab_hosts: labs.Lab) -> None:
    labs.cut_link(lab_hosts, "h4")
    assert states(lab_hosts)["h4"] == "cut"
    labs.restore_link(lab_hosts, "h4")
    assert on(lab_hosts, "h4", "true").returncode == 0
    labs.cut_link(lab_hosts, "h4")
    labs.up(lab_hosts, progress=quiet)
    assert states(lab_hosts)["h4"] == "running"


def test_a_host_without_power_comes_back_with_its_files(lab_hosts: labs.Lab) -> None:
    prepare = "sudo ip link add left0 type bridge; echo 1 | sudo tee /etc/kept; sync"
    assert on(lab_hosts, "h4", prepare).returncode == 0
    labs.kill_host(lab_hosts, "h4")
    assert states(lab_hosts)["h4"] == "stopped"
    labs.start_host(lab_hosts, "h4")
    told = on(lab_hosts, "h4", "cat /etc/kept; ls /sys/class/net")
    assert told.stdout.split() == ["1", "eth0", "lo"]


def test_a_reboot_from_within_is_a_reboot(lab_hosts: labs.Lab) -> None:
    prepare = "sudo ip link add left0 type bridge; sudo iptables -A INPUT -p 99 -j DROP"
    assert on(lab_hosts, "h4", f"{prepare}; cat /proc/1/stat").returncode == 0
    was = on(lab_hosts, "h4", "systemctl show -p UserspaceTimestampMonotonic").stdout
    on(lab_hosts, "h4", "sudo systemctl reboot")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        now = on(lab_hosts, "h4", "systemctl show -p UserspaceTimestampMonotonic")
        if now.returncode == 0 and now.stdout != was:
            break
        time.sleep(0.2)
    told = on(lab_hosts, "h4", "ls /sys/class/net; sudo iptables -S INPUT")
    assert told.stdout.split() == ["eth0", "lo", "-P", "INPUT", "ACCEPT"], told.stderr
    assert states(lab_hosts)["h4"] == "running"


def test_two_labs_side_by_side_and_down_leaves_nothing(
    lab_hosts: labs.Lab, single: labs.Lab
) -> None:
    labs.up(single, progress=quiet)
    mine, other = labs.status(single)[0].address, labs.status(lab_hosts)[0].address
    assert on(single, "cp1", "hostname").stdout == "cp1\n"
    assert mine.rpartition(".")[0] != other.rpartition(".")[0]
    assert on(single, "cp1", f"ping -c1 -W1 {other}").returncode != 0
    kinds = {trace.split()[0] for trace in traces(single)}
    assert kinds >= {"state", "namespace", "cgroup", "process", "link"}
    assert labs.find_lab(single.name).hosts == single.hosts
    labs.down(single, progress=quiet)
    assert traces(single) == []
    assert set(states(lab_hosts).values()) == {"running"}
    labs.down(single, progress=quiet)


@pytest.mark.parametrize("victim", ["keeper", "supervisor"])
def test_down_after_the_machine_lost_its_keeper(single: labs.Lab, victim: str) -> None:
    labs.up(single, progress=quiet)
    keeper = machine.keeper(Place(single.name).host("cp1"))
    assert keeper is not None
    children = Path(f"/proc/{keeper}/task/{keeper}/children").read_text().split()
    os.kill(keeper if victim == "keeper" else int(children[0]), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while machine.start_time(keeper) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert states(single) == {"cp1": "stopped"}
    labs.down(single, progress=quiet)
    assert traces(single) == []


def test_an_up_that_fails_half_way_is_taken_down_whole(
    single: labs.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_: object, **__: object) -> None:
        raise KplayError("broken off")

    monkeypatch.setattr(machine, "boot", break_off)
    with pytest.raises(KplayError, match="broken off"):
        labs.up(single, progress=quiet)
    monkeypatch.undo()
    assert states(single) == {"cp1": "stopped"}
    labs.up(single, progress=quiet)
    assert states(single) == {"cp1": "running"}
    labs.down(single, progress=quiet)
    assert traces(single) == []


def test_hosts_come_and_go_with_the_lab_file(single: labs.Lab) -> None:
    labs.up(single, progress=quiet)
    address = labs.status(single)[0].address
    grown = replace(single, hosts=(labs.LabHost("new"), *single.hosts))
    labs.up(grown, progress=quiet)
    assert states(grown) == {"new": "running", "cp1": "running"}
    assert labs.status(grown)[1].address == address
    shrunk = replace(single, hosts=(labs.LabHost("new"),))
    labs.up(shrunk, progress=quiet)
    assert "cp1" not in labs.inventory_path(shrunk).read_text()
    assert [trace for trace in traces(shrunk) if "cp1" in trace] == []
