"""Labs that are halted, kept in snapshots and put back; their disks, networks and releases."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from lab_traces import traces
from project import lab_up, run_on

from kplay import lab as labs
from kplay.errors import KplayError
from kplay.lab.nspawn import machine
from kplay.lab.nspawn.place import Place
from kplay.lab.write import save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Project

pytestmark = pytest.mark.hosts
FILE = Path(__file__).parents[1] / "labs/keeping.yml"
HOSTS = ("k1", "k2", "k3")
PLAYBOOK = """\
- hosts: k2
  become: true
  tasks:
    - {name: who, user: {name: kept, uid: 4100, shell: /bin/sh}}
    - {name: where, file: {path: /srv/kept, state: directory, owner: kept, mode: "0750"}}
    - name: what
      copy: {content: "{{ ansible_distribution_release }}\\n", dest: /srv/kept/release}
    - {name: line, lineinfile: {path: /srv/kept/lines, line: one, create: true}}
    - name: unit
      copy:
        content: "[Service]\\nExecStart=/bin/sleep 1000\\n"
        dest: /etc/systemd/system/kept.service
    - {name: runs, systemd_service: {name: kept.service, state: started, daemon_reload: true}}
    - {name: python, command: python3 -V, register: python, changed_when: false}
    - {name: is new, assert: {that: "'3.13' in python.stdout"}}
    - {name: packages, package_facts: }
    - {name: has ssh, assert: {that: "'openssh-server' in ansible_facts.packages"}}
"""


def quiet(host: str, message: str) -> None:
    """Take progress and say nothing."""


def on(lab: labs.Lab, host: str, command: str) -> str:
    done = run_on(lab, host, command)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def states(lab: labs.Lab) -> list[str]:
    return [one.state for one in labs.status(lab)]


def kplay(*words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "kplay", "lab", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture(scope="module")
def keeping() -> Iterator[labs.Lab]:
    """The lab of ``tests/labs/keeping.yml``, up."""
    with lab_up(labs.load_lab(FILE), "keeping") as lab:
        yield lab
    assert traces(lab) == []
    loops = subprocess.run(["losetup", "--list"], capture_output=True, text=True, check=True)
    assert lab.name not in loops.stdout


def test_hosts_are_of_their_own_release(keeping: labs.Lab) -> None:
    told = [on(keeping, host, ". /etc/os-release; echo $VERSION_ID").strip() for host in HOSTS]
    assert told == ["12", "13", "12"]
    for host in HOSTS:
        state = "systemctl is-system-running --wait; systemctl --failed --no-legend"
        assert on(keeping, host, state) == "running\n"


def test_a_debian_13_host_is_planned_and_applied(
    keeping: labs.Lab, tmp_path: Path, project_of: Callable[[Path, labs.Lab], Project]
) -> None:
    project = project_of(tmp_path, keeping)
    project.write("site.yml", PLAYBOOK)
    project.ok("apply", "--yes", "site.yml")
    again = project.kplay("plan", "--detailed-exitcode", "site.yml")
    assert again.code == 0, again.said
    told = project.on("k2", "sudo cat /srv/kept/lines; id -u kept; systemctl is-active kept")
    assert told.split() == ["one", "4100", "active"]
    assert project.on("k2", "sudo cat /srv/kept/release") == "trixie\n"
    assert project.agents("k2") == []


def test_hosts_are_in_the_networks_that_the_file_says(keeping: labs.Lab) -> None:
    data = yaml.safe_load(labs.inventory_path(keeping).read_text())
    hosts = data["all"]["hosts"]
    assert list(hosts["k1"]["lab_addresses"]) == ["main", "storage"]
    assert list(hosts["k3"]["lab_addresses"]) == ["main"]
    assert hosts["k2"]["lab_address"] == hosts["k2"]["lab_addresses"]["main"]
    storage = hosts["k2"]["lab_addresses"]["storage"]
    routes = on(keeping, "k1", f"ip -br address show eth1; ip route get {storage}")
    assert hosts["k1"]["lab_addresses"]["storage"] + "/24" in routes
    assert "dev eth1" in routes
    on(keeping, "k1", f"ping -c1 -W5 {storage}")
    # Nothing leads from one network to the other.
    assert on(keeping, "k3", f"ping -c1 -W2 {storage} || true").count(" 0 received") == 1
    assert on(keeping, "k3", "ls /sys/class/net").split() == ["eth0", "lo"]


def test_disks_are_kept_while_a_host_is_halted(keeping: labs.Lab) -> None:
    sizes = on(keeping, "k1", "for d in b c; do sudo blockdev --getsize64 /dev/vd$d; done")
    assert [int(size) >> 30 for size in sizes.split()] == [1, 2]
    on(
        keeping,
        "k1",
        "sudo mkfs.ext4 -q -L second /dev/vdc; sudo mkfs.ext4 -q /dev/vdb; sudo mkdir /one /two;"
        " echo UUID=$(sudo blkid -o value -s UUID /dev/vdb) /one ext4 defaults 0 2"
        " | sudo tee -a /etc/fstab; echo LABEL=second /two ext4 defaults 0 2"
        " | sudo tee -a /etc/fstab; sudo mount -a; echo 1 | sudo tee /one/file /two/file",
    )
    labs.halt(keeping, progress=quiet)
    labs.up(keeping, progress=quiet)
    assert on(keeping, "k1", "cat /one/file /two/file; findmnt -no SOURCE /two").split() == [
        "1", "1", "/dev/vdc",
    ]  # fmt: skip
    state = "systemctl is-system-running --wait; systemctl --failed --no-legend"
    assert on(keeping, "k1", state) == "running\n"


def test_halted_hosts_stopped_their_units_and_come_back(keeping: labs.Lab) -> None:
    unit = "[Service]\nExecStart=/bin/sleep 1000\nExecStop=/bin/sh -c 'echo 1 >/var/lib/ended'\n"
    on(
        keeping,
        "k3",
        f'printf "%s" "{unit}" | sudo tee /run/systemd/system/ends.service;'
        " sudo systemctl start ends",
    )
    keys = Place(keeping.name).known_hosts.read_text()
    said: list[tuple[str, str]] = []
    labs.halt(keeping, progress=lambda host, message: said.append((host, message)))
    assert sorted(said) == [(host, "stopped") for host in HOSTS]
    assert states(keeping) == ["stopped"] * 3
    assert not [one for one in traces(keeping) if one.split()[0] in ("process", "cgroup")]
    done = kplay("halt", keeping.name)
    assert (done.returncode, done.stderr.count("already stopped")) == (0, 3)
    labs.up(keeping, progress=quiet)
    assert states(keeping) == ["running"] * 3
    assert on(keeping, "k3", "cat /var/lib/ended") == "1\n"
    assert Place(keeping.name).known_hosts.read_text() == keys


def test_any_snapshot_can_be_put_back(keeping: labs.Lab) -> None:
    upper = labs.upper_directory(keeping, "k2")
    prepare = "sudo rm -f /etc/legal /usr/share/doc/sudo/copyright; echo 1 | sudo tee /etc/state"
    on(keeping, "k2", f"{prepare}; echo 1 | sudo tee /var/lib/containerd/state")
    boot = on(keeping, "k2", "cat /proc/sys/kernel/random/boot_id; cut -d. -f1 /proc/uptime")
    key = on(keeping, "k2", "cat /etc/ssh/ssh_host_ed25519_key.pub")
    done = kplay("snapshot", keeping.name, "first")
    assert done.returncode == 0, done.stderr
    assert [f"{host}: kept" in done.stderr for host in HOSTS] == [True] * 3
    assert "snapshot `first`: " in done.stderr
    assert states(keeping) == ["running"] * 3
    now = on(keeping, "k2", "cat /proc/sys/kernel/random/boot_id; cut -d. -f1 /proc/uptime")
    assert now.split()[0] == boot.split()[0]
    on(keeping, "k2", "echo 2 | sudo tee /etc/state /var/lib/containerd/state")
    labs.take_snapshot(keeping, "second", progress=quiet)
    on(keeping, "k2", "sudo rm -rf /etc/state; sudo touch /usr/share/doc/sudo/copyright")
    listed = kplay("snapshot", keeping.name, "--list").stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["first", "second"]
    assert all("iB" in line for line in listed)
    read = (
        "sudo cat /etc/state /var/lib/containerd/state; ls /usr/share/doc/sudo | grep -c copyright"
    )
    for name, found in (("first", "1"), ("second", "2")):
        labs.restore_snapshot(keeping, name, progress=quiet)
        assert on(keeping, "k2", f"{read}; true").split() == [found, found, "0"]
    assert (upper / "etc/state").read_text() == "2\n"
    assert on(keeping, "k2", "cat /etc/ssh/ssh_host_ed25519_key.pub") == key
    done = kplay("snapshot", keeping.name, "--remove", "first")
    assert done.returncode == 0, done.stderr
    assert [one.name for one in labs.snapshots(keeping)] == ["second"]
    with pytest.raises(KplayError, match="no snapshot `first`; it has second"):
        labs.restore_snapshot(keeping, "first", progress=quiet)
    refused = kplay("snapshot", keeping.name, "../x")
    assert (refused.returncode, "cannot name a snapshot" in refused.stderr) == (5, True)


def test_a_mounted_disk_is_in_a_snapshot(keeping: labs.Lab) -> None:
    mounted = "mountpoint -q /one || sudo mount /dev/vdb /one"
    prepare = f"sudo mkdir -p /one; sudo blkid /dev/vdb || sudo mkfs.ext4 -q /dev/vdb; {mounted}"
    on(keeping, "k1", f"{prepare}; echo kept | sudo tee /one/disk")
    labs.take_snapshot(keeping, "disk", progress=quiet)
    [kept] = [one for one in labs.snapshots(keeping) if one.name == "disk"]
    assert 0 < (kept.size or 0) < 1 << 29
    on(keeping, "k1", "sudo rm /one/disk; sync")
    labs.restore_snapshot(keeping, "", progress=quiet)
    assert on(keeping, "k1", f"{mounted}; cat /one/disk") == "kept\n"


def test_a_restore_that_was_broken_off_is_finished_by_up(
    keeping: labs.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(keeping, "k3", "echo 1 | sudo tee /etc/state")
    labs.take_snapshot(keeping, "whole", progress=quiet)
    on(keeping, "k3", "echo 2 | sudo tee /etc/state")
    stop = machine.stop

    def break_off(files: object) -> None:
        if str(getattr(files, "path", "")).endswith("k3"):
            raise KplayError("broken off")
        stop(files)  # type: ignore[arg-type]

    monkeypatch.setattr(machine, "stop", break_off)
    with pytest.raises(KplayError, match="broken off"):
        labs.restore_snapshot(keeping, "whole", progress=quiet)
    monkeypatch.undo()
    said: list[str] = []
    labs.up(keeping, progress=lambda _, message: said.append(message))
    assert "finished putting back the snapshot `whole`" in said
    assert on(keeping, "k3", "cat /etc/state") == "1\n"
    assert states(keeping) == ["running"] * 3


def test_hosts_that_a_killed_snapshot_left_frozen_go_on(keeping: labs.Lab) -> None:
    machine.freeze(Place(keeping.name).host("k1"))
    assert states(keeping) == ["starting", "running", "running"]
    labs.up(keeping, progress=quiet)
    assert states(keeping) == ["running"] * 3
    machine.freeze(Place(keeping.name).host("k1"))
    labs.kill_host(keeping, "k1")
    labs.start_host(keeping, "k1")
    assert states(keeping) == ["running"] * 3


def test_a_host_that_fails_stops_no_other(
    keeping: labs.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot = machine.boot

    def fail_some(files: object, name: str, host: str, *rest: object, **more: object) -> None:
        if host != "k2":
            raise KplayError(f"no room for {host}")
        boot(files, name, host, *rest, **more)  # type: ignore[arg-type]

    for host in HOSTS:
        labs.kill_host(keeping, host)
    monkeypatch.setattr(machine, "boot", fail_some)
    with pytest.raises(KplayError, match=r"^no room for k1\nno room for k3$"):
        labs.up(keeping, progress=quiet)
    monkeypatch.undo()
    assert states(keeping) == ["stopped", "running", "stopped"]
    labs.up(keeping, progress=quiet)
    assert states(keeping) == ["running"] * 3


def test_an_interrupted_up_is_gone_on_with_or_taken_down(tmp_path: Path) -> None:
    lab = replace(labs.load_lab(FILE), name=f"broken-{os.getpid()}")
    save(lab, tmp_path / "lab.yml")
    try:
        rounds = [(0.3, "INT"), (0.5, "KILL"), (0.7, "INT"), (0.9, "KILL"), (1.1, "INT")]
        for at, (delay, how) in enumerate(rounds):
            process = subprocess.Popen(
                [sys.executable, "-m", "kplay", "lab", "up", str(tmp_path / "lab.yml")],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            time.sleep(delay)
            os.killpg(process.pid, getattr(signal, f"SIG{how}"))
            _, said = process.communicate(timeout=30)
            assert "Traceback" not in said
            assert process.returncode != 0
            if at % 2:
                labs.down(lab, progress=quiet)
                assert traces(lab) == []
        labs.up(lab, progress=quiet)
        assert states(lab) == ["running"] * 3
    finally:
        labs.down(lab, progress=quiet)
    assert traces(lab) == []
