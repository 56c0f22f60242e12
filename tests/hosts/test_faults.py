"""Faults on real nspawn hosts, and that they are healed."""

from __future__ import annotations

import os
import re
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from test_lab import on, quiet, states, traces

from kplay import lab as labs
from kplay.cli.main import main
from kplay.errors import KplayError
from kplay.lab.fault import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.hosts


@pytest.fixture
def hosts(lab_hosts: labs.Lab) -> Iterator[labs.Lab]:
    """The shared lab, h4 of it healed at the end."""
    yield lab_hosts
    labs.heal_host(lab_hosts, "h4", progress=quiet)


def fault(lab: labs.Lab, *words: str, host: str = "h4") -> None:
    labs.fault_host(lab, host, parse(*words), progress=quiet)


def stand(lab: labs.Lab, host: str = "h4") -> tuple[str, ...]:
    return next(one.faults for one in labs.status(lab) if one.name == host)


def round_trip(lab: labs.Lab, start: str, end: str) -> float:
    """The median of nine round trips in milliseconds, by the pings of a host."""
    address = next(one.address for one in labs.status(lab) if one.name == end)
    told = on(lab, start, f"ping -c 9 -i 0.05 -W 5 {address}")
    times = sorted(float(one) for one in re.findall(r"time=([\d.]+)", told.stdout))
    assert len(times) == 9, told.stdout + told.stderr
    return times[4]


def test_a_slow_link_takes_the_round_trip_longer_by_its_amount(hosts: labs.Lab) -> None:
    before = round_trip(hosts, "h3", "h4")
    fault(hosts, "slow", "60ms")
    try:
        assert stand(hosts) == ("slow 60ms",)
        assert states(hosts)["h4"] == "running"
        assert 60 <= round_trip(hosts, "h3", "h4") - before < 75
        assert 60 <= round_trip(hosts, "h4", "h3") - before < 75
        assert round_trip(hosts, "h3", "h2") < 20
        fault(hosts, "slow", "20ms")
        assert 20 <= round_trip(hosts, "h3", "h4") - before < 35
    finally:
        labs.heal_host(hosts, "h4", progress=quiet)
    assert stand(hosts) == ()
    assert round_trip(hosts, "h3", "h4") < 20


def test_what_a_slow_link_carries_arrives_whole(hosts: labs.Lab) -> None:
    fault(hosts, "slow", "50ms")
    began = time.monotonic()
    there = on(hosts, "h4", "cat >/tmp/sent; cksum </tmp/sent", stdin="kplay\n" * 1_000_000)
    here = subprocess.run(
        ["cksum"], input="kplay\n" * 1_000_000, capture_output=True, text=True, check=True
    )
    back = on(hosts, "h4", "cat /tmp/sent; rm /tmp/sent")
    assert there.stdout == here.stdout, there.stderr
    assert back.stdout == "kplay\n" * 1_000_000
    # 12 MB there and back, a login each at some ten round trips: a window of 64 KiB a round trip
    # would take 9 s for the bytes alone.
    assert time.monotonic() - began < 9


def test_a_reboot_leaves_other_faults_as_they_are(hosts: labs.Lab) -> None:
    boot = on(hosts, "h4", "cat /proc/sys/kernel/random/boot_id").stdout
    fault(hosts, "slow", "40ms")
    fault(hosts, "full-disk")
    fault(hosts, "reboot")
    assert on(hosts, "h4", "cat /proc/sys/kernel/random/boot_id").stdout not in ("", boot)
    assert stand(hosts) == ("slow 40ms", "full-disk")
    assert round_trip(hosts, "h3", "h4") >= 40
    labs.heal_host(hosts, "h4", progress=quiet)
    labs.heal_host(hosts, "h4", progress=quiet)
    assert stand(hosts) == ()
    assert on(hosts, "h4", "echo x | sudo tee /etc/x && sudo rm /etc/x").returncode == 0


def test_a_cut_host_cannot_be_seen_to_boot(hosts: labs.Lab) -> None:
    fault(hosts, "slow", "10ms")
    fault(hosts, "cut")
    assert states(hosts)["h4"] == "cut"
    with pytest.raises(KplayError, match="cut off, and nobody would see it come back"):
        fault(hosts, "reboot")
    fault(hosts, "slow", "20ms")
    assert states(hosts)["h4"] == "cut"
    assert stand(hosts) == ("slow 20ms",)
    said: list[str] = []
    labs.up(hosts, progress=lambda host, message: said.append(f"{host}: {message}"))
    assert {"h4: healed: cut", "h4: healed: slow 20ms", "h4: already up"} <= set(said)
    assert states(hosts)["h4"] == "running"
    assert stand(hosts) == ()


PREPARE = """
mkdir -p /data/kept /srv/gone/below && cd /data
echo kept | tee kept/file long mode /srv/gone/below/file >/dev/null
ln -s kept link; mount -t tmpfs small /var/lib/kubelet && touch /var/lib/kubelet/seen
"""
# What needs no block goes through, as on a real disk; the rest says why it does not.
FULL = """
cd /data
for to in new kept/file /etc/new /root/new /home/kplay/new /var/lib/containerd/new; do
    (echo more >>$to) 2>&1 | grep -o 'No space left on device\\|I/O error' | tail -1
done
dd if=/dev/zero of=/usr/local/zeros bs=4k count=1 2>&1 | grep -o 'No space left on device'
cat kept/file; ls /var/lib/kubelet; echo in memory >/tmp/memory && cat /tmp/memory
rm -r /srv/gone link; mkdir /srv/gone empty; : >long; touch empty/a; ln empty/a empty/b
chmod 711 kept; mkfifo empty/pipe; mv empty moved; touch /var/lib/kubelet/late
df --output=avail / /var /etc /var/lib/containerd | tail -n +2 | tr -d ' '
"""
HEALED = """
cd /data
cat kept/file; stat -c '%n %s %h %A' long moved/a moved/b moved/pipe; stat -c '%n %A' kept
ls -d link empty /srv/gone/below 2>&1 | wc -l; ls -R /srv/gone /var/lib/kubelet
cd /; umount /var/lib/kubelet; grep -c kplay-lab-full /proc/mounts
echo more >>/data/kept/file && cat /data/kept/file; systemctl is-system-running
rm -r /data /srv/gone /usr/local/zeros /etc/new /data/new 2>/dev/null
ls -d /run/kplay-lab-full 2>&1 | wc -l; cat /var/lib/containerd/new | wc -c
"""


def test_a_full_disk_refuses_what_needs_room_and_healing_loses_nothing(hosts: labs.Lab) -> None:
    assert on(hosts, "h4", "sudo sh -s", stdin=PREPARE).returncode == 0
    fault(hosts, "full-disk")
    assert stand(hosts) == ("full-disk",)
    fault(hosts, "full-disk")
    told = on(hosts, "h4", "sudo bash -s", stdin=FULL).stdout.splitlines()
    assert told[:7] == ["No space left on device"] * 7
    assert told[7:11] == ["kept", "seen", "in memory", told[10]]
    assert int(told[10]) > 0, "the root itself says how much the controller has left"
    assert told[11:] == ["0", "0", "0"]
    assert not (labs.upper_directory(hosts, "h4") / "data/new").exists()
    labs.heal_host(hosts, "h4", progress=quiet)
    told = on(hosts, "h4", "sudo bash -s", stdin=HEALED).stdout.splitlines()
    assert told[:6] == [
        "kept",
        "long 0 1 -rw-r--r--",
        "moved/a 0 2 -rw-r--r--",
        "moved/b 0 2 -rw-r--r--",
        "moved/pipe 0 1 prw-r--r--",
        "kept drwx--x--x",
    ]
    assert told[6:] == [
        "3", "/srv/gone:", "", "/var/lib/kubelet:", "late", "seen", "0", "kept", "more",
        "running", "1", "0",
    ]  # fmt: skip


SITE = """\
- hosts: h4
  become: true
  gather_facts: false
  tasks:
    - {name: looks, stat: {path: /etc/hostname}}
    - {name: writes, copy: {content: "much\\n", dest: /srv/full}}
    - {name: after, copy: {content: "more\\n", dest: /srv/after}}
"""


def test_a_run_stops_at_a_full_disk_and_is_resumed_once_it_is_healed(
    project: Any, hosts: labs.Lab
) -> None:
    project.write("site.yml", SITE)
    fault(hosts, "full-disk")
    done = project.kplay("run", "site.yml")
    assert done.code == 2, done.said
    assert "No space left on device" in done.said
    assert "error[step-failed]: writes" in done.said
    assert "site.yml:6:7" in done.said
    labs.heal_host(hosts, "h4", progress=quiet)
    project.ok("resume")
    assert project.on("h4", "cat /srv/full /srv/after") == "much\nmore\n"
    assert "no changes" in project.ok("plan", "site.yml").said
    project.on("h4", "sudo rm /srv/full /srv/after")


def test_a_clock_that_all_share_is_not_set(hosts: labs.Lab) -> None:
    with pytest.raises(KplayError, match="all nspawn hosts have the controller's"):
        fault(hosts, "clock", "+1h")


def test_the_command_line(
    hosts: labs.Lab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    named = ("--lab", hosts.name)
    assert main(["lab", "fault", "h4", "slow", "30ms", *named]) == 0
    assert main(["lab", "fault", "h4", "cut", *named]) == 0
    assert main(["lab", "status", hosts.name]) == 4
    told = capsys.readouterr()
    assert re.search(r"^h4 +cut +10[\d.]+ +slow 30ms$", told.out, re.MULTILINE)
    assert told.err == "h4: slow 30ms\nh4: cut, slow 30ms\n"
    assert main(["lab", "heal", "h4", *named]) == 0
    assert main(["lab", "heal", "h4", *named]) == 0
    assert capsys.readouterr().err == "h4: healed: cut, slow 30ms\nh4: had no fault\n"
    assert main(["lab", "status", hosts.name]) == 0
    assert main(["lab", "fault", "h4", "clock", "-1h", *named]) == 2
    assert "has one of its own" in capsys.readouterr().err
    assert main(["lab", "fault", "h9", "cut", *named]) == 1
    assert f"no host `h9` in lab `{hosts.name}`" in capsys.readouterr().err


def test_down_takes_faults_along(lab_hosts: labs.Lab) -> None:
    file = Path(__file__).parents[2] / "inventories/lab/single.yml"
    single = replace(labs.load_lab(file), name=f"faulty-{os.getpid()}")
    try:
        labs.up(single, progress=quiet)
        for words in (("slow", "50ms"), ("full-disk",), ("cut",)):
            fault(single, *words, host="cp1")
        assert any("delay.py" in trace for trace in traces(single))
        labs.kill_host(single, "cp1")
        labs.start_host(single, "cp1")
        assert stand(single, "cp1") == ()
        assert not any("delay.py" in trace for trace in traces(single))
        for words in (("slow", "50ms"), ("full-disk",), ("cut",)):
            fault(single, *words, host="cp1")
    finally:
        labs.down(single, progress=quiet)
    assert traces(single) == []
