"""Faults of Vagrant machines, with stand-ins for vagrant, ssh and the providers' programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kplay import lab as labs
from kplay.errors import CommandError, KplayError
from kplay.lab import ssh
from kplay.lab.fault import parse
from kplay.lab.load import load_string
from kplay.lab.vagrant import faults, links, within
from kplay.lab.vagrant.place import Place

TEXT = """
name: demo
provider: vagrant
vagrant: {provider: PROVIDER}
hosts: {one: , two: }
"""
# Logs what it is called with; a file of its name with .says holds what it says.
PROGRAM = """\
#!/bin/sh
here=${0%/*} name=${0##*/}
echo "$name $*" >>"$here/../called"
[ ! -e "$here/$name.fails" ] || { cat "$here/$name.fails" >&2; exit 1; }
[ ! -e "$here/$name.says" ] || cat "$here/$name.says"
"""
# An ssh that runs what it is given on standard input nowhere, but keeps it.
SSH = """\
#!/bin/sh
here=${0%/*}
case "$*" in *' sh -s') (cat; printf '\\f') >>"$here/../scripts" ;; *) exit 0 ;; esac
[ ! -e "$here/ssh.fails" ] || { cat "$here/ssh.fails" >&2; exit 1; }
[ ! -e "$here/ssh.says" ] || cat "$here/ssh.says"
"""


class Programs:
    """A directory on PATH."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "bin"
        self.called, self.kept = directory / "called", directory / "scripts"
        self.path.mkdir()
        self.add("ssh", SSH)

    def add(self, name: str, text: str = PROGRAM, says: str = "") -> None:
        (self.path / name).write_text(text)
        (self.path / name).chmod(0o755)
        if says:
            (self.path / f"{name}.says").write_text(says)

    def scripts(self) -> list[str]:
        """What ran within machines."""
        return self.kept.read_text().split("\f")[:-1]

    def calls(self) -> list[str]:
        told = self.called.read_text().splitlines() if self.called.exists() else []
        self.called.unlink(missing_ok=True)
        return told


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    made = Programs(tmp_path)
    double = Path(__file__).with_name("double.py")
    made.add("vagrant", f'#!/bin/sh\nexec {sys.executable} {double} "$@"\n')
    monkeypatch.setenv("PATH", f"{made.path}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("DOUBLE_LOG", str(tmp_path / "log"))
    monkeypatch.delenv("LIBVIRT_DEFAULT_URI", raising=False)
    monkeypatch.setattr(ssh, "speaks", lambda address, *, port=22: True)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return made


def lab_of(provider: str) -> labs.Lab:
    lab = load_string(TEXT.replace("PROVIDER", provider), "lab.yml")
    labs.up(lab, progress=lambda host, message: None)
    return lab


def fault(lab: labs.Lab, *words: str, host: str = "one") -> list[str]:
    said: list[str] = []
    say = lambda who, message: said.append(f"{who}: {message}")  # noqa: E731
    labs.fault_host(lab, host, parse(*words), progress=say)
    return said


def heal(lab: labs.Lab, host: str = "one") -> list[str]:
    said: list[str] = []
    labs.heal_host(lab, host, progress=lambda who, message: said.append(f"{who}: {message}"))
    return said


VIRSH = """\
#!/bin/sh
echo "$*" >>"${0%/*}/../called"
case "$*" in
*domiflist*) printf ' vnet0 network vagrant-libvirt virtio 52:54:00:00:00:01\\n' ;;
*setlink*) for last; do :; done; echo "$last" >"${0%/*}/link" ;;
*getlink*) echo "52:54:00:00:00:01 $(cat "${0%/*}/link")" ;;
esac
"""


def test_the_cable_of_a_libvirt_machine(programs: Programs) -> None:
    programs.add("virsh", VIRSH)
    lab = lab_of("libvirt")
    assert fault(lab, "cut") == ["one: cut"]
    link = "--quiet --connect qemu:///system domif-setlink kplay-one 52:54:00:00:00:01"
    assert f"{link} down" in programs.calls()
    assert [one.state for one in labs.status(lab)] == ["cut", "running"]
    with pytest.raises(KplayError, match="cut off, and nobody would see it come back"):
        fault(lab, "reboot")
    assert heal(lab) == ["one: healed"]
    assert f"{link} up" in programs.calls()
    assert heal(lab) == ["one: had no fault"]
    assert [one.state for one in labs.status(lab)] == ["running", "running"]


def test_the_cables_of_a_virtualbox_machine(programs: Programs) -> None:
    cards = 'cableconnected1="on"\nnic1="nat"\ncableconnected2="off"\nnic3="none"\n'
    programs.add("VBoxManage", says=cards)
    links.set_cables("virtualbox", "u-u-i-d", connected=False)
    assert programs.calls() == [
        "VBoxManage showvminfo u-u-i-d --machinereadable",
        "VBoxManage controlvm u-u-i-d setlinkstate1 off",
        "VBoxManage controlvm u-u-i-d setlinkstate2 off",
    ]
    assert not links.connected("virtualbox", "u-u-i-d")


def test_the_cables_of_an_lxc_container(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    within_it = [
        {"ifname": "lo"},
        {"ifname": "eth0", "link_index": 7},
        {"ifname": "eth1", "link_index": 9},
        {"ifname": "cni5", "link_index": 8},
    ]
    here = [{"ifname": f"veth{at}", "ifindex": at, "flags": ["UP"]} for at in (6, 7, 8, 9)]
    programs.add("lxc-info", says="4711\n")
    programs.add("nsenter", says=json.dumps(within_it))
    programs.add("ip", says=json.dumps(here))
    links.set_cables("lxc", "kplay-one", connected=False)
    assert programs.calls() == [
        "lxc-info --no-humanize --pid --name kplay-one",
        "nsenter --net=/proc/4711/ns/net ip -j link",
        "ip -j link",
        "ip link set veth7 down",
        "ip link set veth9 down",
    ]
    assert links.connected("lxc", "kplay-one")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(KplayError, match="need root"):
        links.set_cables("lxc", "kplay-one", connected=True)


@pytest.mark.parametrize("provider", ["docker", "vmware_desktop"])
def test_a_cable_that_nobody_can_take_out(programs: Programs, provider: str) -> None:
    lab = lab_of(provider)
    with pytest.raises(KplayError, match=f"`{provider}` have no cable.*libvirt, virtualbox, lxc"):
        fault(lab, "cut")
    assert heal(lab) == ["one: had no fault"]


@pytest.mark.parametrize("words", [("full-disk",), ("clock", "+1h")])
@pytest.mark.parametrize("provider", ["lxc", "docker"])
def test_what_containers_share_is_refused(
    programs: Programs, provider: str, words: tuple[str, ...]
) -> None:
    programs.add("lxc-info")
    programs.add("ip")
    (Place("demo").path).mkdir(parents=True)
    lab = load_string(TEXT.replace("PROVIDER", provider).replace("hosts:", "os: debian-12\nhosts:"),
                      "lab.yml")  # fmt: skip
    files = Place("demo").dotfiles / f"machines/one/{provider}"
    files.mkdir(parents=True)
    (files / "id").write_text("kplay-one")
    Place("demo").lab_file.write_text(TEXT.replace("PROVIDER", provider))
    with pytest.raises(KplayError, match=f"a container of {provider} and shares the"):
        fault(lab, *words)


def test_a_slow_link_is_asked_for_within(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = lab_of("virtualbox")
    (programs.path / "ssh.says").write_text("delay 50.0ms\nntp yes\nboot b1\n")
    assert fault(lab, "slow", "50ms") == ["one: slow 50ms"]
    assert labs.status(lab)[0].faults == ("slow 50ms",)
    assert labs.status(lab)[1].faults == ()
    with monkeypatch.context() as late:
        late.setattr(ssh, "speaks", lambda address, *, port=22: False)
        assert [one.state for one in labs.status(lab)] == ["running", "starting"]
    assert json.loads(Place("demo").faults.read_text()) == {"one": {}}
    assert fault(lab, "reboot")[-1] == "one: slow 50ms"
    calls = [json.loads(line)["argv"] for line in Path(os.environ["DOUBLE_LOG"]).read_text().splitlines()]
    halted = calls.index(["halt", "--force", "one", "--machine-readable"])
    assert ["up", "--no-provision", "one", "--machine-readable"] in calls[halted:]
    assert "netem delay 50ms" in programs.scripts()[-2]
    said: list[str] = []
    labs.up(lab, progress=lambda host, message: said.append(f"{host}: {message}"))
    assert "one: healed" in said
    assert "qdisc del" in programs.scripts()[-1]
    assert json.loads(Place("demo").faults.read_text()) == {}


def test_a_kernel_without_netem_is_told_of(programs: Programs) -> None:
    lab = lab_of("virtualbox")
    (programs.path / "ssh.fails").write_text(f"{within.NO_NETEM}\nError: unknown qdisc\n")
    with pytest.raises(KplayError, match="the kernel of host `one` has no netem"):
        fault(lab, "slow", "50ms")
    (programs.path / "ssh.fails").write_text("tc: not found\n")
    with pytest.raises(CommandError, match="tc: not found"):
        fault(lab, "slow", "50ms")


def test_a_clock_is_set_by_how_far_it_is_to_be(programs: Programs) -> None:
    lab = lab_of("virtualbox")
    (programs.path / "ssh.says").write_text("full-disk\nntp yes\nboot b1\n")
    assert fault(lab, "clock", "+1h") == ["one: full-disk, clock +3600s"]
    assert 'date --set "now +3600 seconds"' in programs.scripts()[-2]
    assert fault(lab, "clock", "-1h") == ["one: full-disk, clock -3600s"]
    assert 'date --set "now -7200 seconds"' in programs.scripts()[-2]
    kept = {"ntp": True, "ahead": -3600, "boot": "b1"}
    assert json.loads(Place("demo").faults.read_text()) == {"one": kept}
    (programs.path / "ssh.says").write_text("ntp no\nboot b2\n")
    assert labs.status(lab)[0].faults == ()
    heal(lab)
    script = programs.scripts()[-1]
    assert '!= b1 ] ||\n    date --set "now +3600 seconds"' in script
    assert "[ yes != yes ] || timedatectl set-ntp true" in script


def test_a_host_that_is_not_there(programs: Programs) -> None:
    lab = load_string(TEXT.replace("PROVIDER", "virtualbox"), "lab.yml")
    with pytest.raises(KplayError, match="lab `demo` is not up"):
        fault(lab, "cut")
    lab = lab_of("virtualbox")
    with pytest.raises(KplayError, match="host `three` of lab `demo` is not up"):
        fault(lab, "slow", "5ms", host="three")
    (Place("demo").dotfiles / "machines/one/virtualbox/state").write_text("poweroff")
    with pytest.raises(KplayError, match="host `one` of lab `demo` is not up"):
        fault(lab, "slow", "5ms")


@pytest.mark.parametrize(
    ("told", "milliseconds"), [("50ms", 50), ("50.0ms", 50), ("2s", 2000), ("1.5s", 1500), ("?", 0)]
)
def test_what_tc_prints_is_read(told: str, milliseconds: int) -> None:
    assert faults._milliseconds(told) == milliseconds


ADDRESSES = ["192.168.56.11", "192.168.57.11"]


@pytest.mark.parametrize(
    "script",
    [
        within.slow(ADDRESSES, 50),
        within.full(),
        within.clock(-5),
        within.heal(ADDRESSES) + within.heal_clock(3600, "b1", synchronised=True),
        within.look(ADDRESSES),
    ],
)
def test_scripts_are_shell(script: str) -> None:
    assert "%(" not in script
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)


def test_interfaces_are_those_of_the_lab_and_of_the_login(programs: Programs) -> None:
    rows = "1: lo    inet 127.0.0.1/8 scope host lo\\n2: eth0    inet 10.0.2.15/24 brd 1 scope\n" \
           "3: eth1    inet 192.168.56.11/24 scope\n4: cni0    inet 10.244.0.1/24 scope\n"  # fmt: skip
    programs.add("ip", says=rows.replace("\\n", "\n"))
    programs.add("tc")
    script = within.slow(ADDRESSES, 50)
    subprocess.run(
        ["sh", "-s"],
        input=script,
        text=True,
        check=True,
        env={**os.environ, "SSH_CONNECTION": "10.0.2.2 5 10.0.2.15 22"},
    )
    slow = [call for call in programs.calls() if call.startswith("tc")]
    assert slow == [
        f"tc qdisc replace dev {link} root netem delay 50ms limit 16384" for link in ("eth0", "eth1")
    ]
