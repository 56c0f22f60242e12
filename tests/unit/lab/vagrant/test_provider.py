from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from kplay import lab as labs
from kplay.errors import InputError, KplayError
from kplay.lab import ssh
from kplay.lab.find import find
from kplay.lab.load import load_string
from kplay.lab.provider import provider_of, snapshots_of
from kplay.lab.standing import vagrant_root
from kplay.lab.vagrant import boxes, place

TEXT = """
name: demo
provider: vagrant
vagrant: {provider: libvirt}
networks: {main: , storage: {cidr: 10.1.0.0/24}}
hosts: {a: {groups: [g]}, b: {networks: []}}
"""


class Program:
    """The double on PATH, and what it was called with."""

    def __init__(self, directory: Path) -> None:
        self.log = directory / "log"
        self.log.touch()

    def calls(self) -> list[list[str]]:
        told = [json.loads(line) for line in self.log.read_text().splitlines()]
        self.log.write_text("")
        return [one["argv"] for one in told]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A PATH with the double, an ssh that lets anyone in, and a state directory of its own."""
    programs = tmp_path / "bin"
    programs.mkdir()
    double = Path(__file__).with_name("double.py")
    (programs / "vagrant").write_text(f'#!/bin/sh\nexec {sys.executable} {double} "$@"\n')
    (programs / "ssh").write_text("#!/bin/sh\nexit 0\n")
    for file in programs.iterdir():
        file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("DOUBLE_LOG", str(tmp_path / "log"))
    monkeypatch.delenv("VAGRANT_DEFAULT_PROVIDER", raising=False)
    monkeypatch.setattr(ssh, "speaks", lambda address, *, port=22: port != 2223)
    return Program(tmp_path)


@pytest.fixture
def answering(program: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The same, with every SSH server up."""
    monkeypatch.setattr(ssh, "speaks", lambda address, *, port=22: True)
    return program


def up(lab: labs.Lab) -> tuple[Path, list[str]]:
    said: list[str] = []
    path = labs.up(lab, progress=lambda host, message: said.append(f"{host}: {message}"))
    return path, said


def down(lab: labs.Lab) -> list[str]:
    said: list[str] = []
    labs.down(lab, progress=lambda host, message: said.append(f"{host}: {message}"))
    return said


@pytest.fixture
def lab() -> labs.Lab:
    return load_string(TEXT, "lab.yml")


def test_a_lab_comes_up_and_its_inventory_says_how_hosts_are_reached(
    answering: Program, lab: labs.Lab
) -> None:
    path, said = up(lab)
    assert said == [
        "a: importing base box 'kplay/debian-12'",
        "b: importing base box 'kplay/debian-12'",
        "a: up at 192.168.56.11",
        "b: up at 192.168.56.12",
    ]
    assert [call[0] for call in answering.calls()] == ["up", "ssh", "ssh", "ssh-config"]
    data = yaml.safe_load(path.read_text())["all"]
    a = data["hosts"]["a"]
    assert (a["ansible_host"], a["ansible_port"], a["ansible_user"]) == (
        "127.0.0.1",
        2222,
        "vagrant",
    )
    machines = vagrant_root() / "demo/vagrant/machines"
    assert a["ansible_ssh_private_key_file"] == str(machines / "a/libvirt/private_key")
    assert "StrictHostKeyChecking=yes" in a["ansible_ssh_common_args"]
    assert "HostKeyAlias=a.demo.kplay-lab" in a["ansible_ssh_common_args"]
    assert a["lab_addresses"] == {"main": "192.168.56.11", "storage": "10.1.0.11"}
    assert data["hosts"]["b"]["lab_addresses"] == {"main": "192.168.56.12"}
    assert data["children"] == {"g": {"hosts": {"a": None}}}
    assert (path.parent.stat().st_mode & 0o777) == 0o700


def test_a_second_up_changes_nothing_and_asks_for_no_key(
    answering: Program, lab: labs.Lab
) -> None:
    up(lab)
    pinned = (vagrant_root() / "demo/known_hosts").read_text()
    answering.calls()
    _, said = up(lab)
    assert said == ["a: already up", "b: already up"]
    assert [call[0] for call in answering.calls()] == ["up", "ssh-config"]
    assert (vagrant_root() / "demo/known_hosts").read_text() == pinned


def test_a_machine_made_anew_gets_a_new_pin_and_the_others_keep_theirs(
    answering: Program, lab: labs.Lab
) -> None:
    up(lab)
    known = vagrant_root() / "demo/known_hosts"
    before = dict(line.split(" ", 1) for line in known.read_text().splitlines())
    machine = vagrant_root() / "demo/vagrant/machines/a/libvirt"
    shutil.rmtree(machine)
    up(lab)
    after = dict(line.split(" ", 1) for line in known.read_text().splitlines())
    assert set(before) == set(after) == {"a.demo.kplay-lab", "b.demo.kplay-lab"}
    assert before["b.demo.kplay-lab"] == after["b.demo.kplay-lab"]
    assert before["a.demo.kplay-lab"] != after["a.demo.kplay-lab"]
    assert after["a.demo.kplay-lab"] == f"ssh-ed25519 KEY-{(machine / 'index_uuid').read_text()}"


def test_addresses_are_asked_each_time(
    answering: Program, lab: labs.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    up(lab)
    monkeypatch.setenv("DOUBLE_PORT_SHIFT", "50")
    argv = labs.ssh_argv(lab, "b", ["id"])
    assert "Port=2273" in argv
    assert argv[-2:] == ["vagrant@127.0.0.1", "id"]
    data = yaml.safe_load(labs.inventory_path(lab).read_text())
    assert data["all"]["hosts"]["b"]["ansible_port"] == 2273
    assert labs.ssh_argv(lab, "b", [], user="root")[-1] == "root@127.0.0.1"


def test_status_before_while_and_after(program: Program, lab: labs.Lab) -> None:
    assert [one.state for one in labs.status(lab)] == ["absent", "absent"]
    assert program.calls() == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssh, "speaks", lambda address, *, port=22: True)
        up(lab)
    assert [tuple(one)[:3] for one in labs.status(lab)] == [
        ("a", "running", "192.168.56.11"),
        ("b", "starting", "192.168.56.12"),
    ]
    provider_of(lab).halt(lab, lambda host, message: None)
    assert {one.state for one in labs.status(lab)} == {"stopped"}
    down(lab)
    assert {one.state for one in labs.status(lab)} == {"absent"}


def test_an_inventory_of_halted_hosts_is_still_one(answering: Program, lab: labs.Lab) -> None:
    up(lab)
    provider_of(lab).halt(lab, lambda host, message: None)
    data = yaml.safe_load(labs.inventory_path(lab).read_text())
    assert data["all"]["hosts"]["a"]["ansible_host"] == "192.168.56.11"
    with pytest.raises(KplayError, match="host `a` of lab `demo` is not up"):
        labs.ssh_argv(lab, "a", [])


def test_down_destroys_and_leaves_no_file(answering: Program, lab: labs.Lab) -> None:
    up(lab)
    assert find("demo").hosts == lab.hosts
    answering.calls()
    assert down(lab)[-1] == "demo: down"
    assert [call[:2] for call in answering.calls()] == [["destroy", "--force"]]
    assert not vagrant_root().exists()
    assert down(lab) == ["demo: not up"]


def test_a_host_that_left_the_lab_file_is_destroyed(answering: Program, lab: labs.Lab) -> None:
    up(lab)
    answering.calls()
    smaller = replace(lab, hosts=lab.hosts[:1])
    _, said = up(smaller)
    assert "b: no longer in the lab file: destroying" in said
    assert answering.calls()[0][:3] == ["destroy", "--force", "b"]
    assert "b.demo" not in (vagrant_root() / "demo/known_hosts").read_text()


def test_hosts_are_not_moved_while_they_are_up(answering: Program, lab: labs.Lab) -> None:
    up(lab)
    moved = replace(lab, hosts=(labs.LabHost("new"), *lab.hosts))
    with pytest.raises(KplayError, match=r"host `a` .* is at 192\.168\.56\.11, .* take the lab"):
        up(moved)
    assert find("demo").hosts == lab.hosts


@pytest.mark.parametrize(
    ("provider", "failure", "help_"),
    [
        ("libvirt", "Vagrant::Errors::ProviderNotFound", "vagrant plugin install vagrant-libvirt"),
        ("virtualbox", "Vagrant::Errors::ProviderNotUsable", "install VirtualBox"),
        ("docker", "Vagrant::Errors::ProviderNotUsable", "apt-get install docker.io"),
        ("vmware_desktop", "Vagrant::Errors::ProviderNotFound", "vagrant-vmware-desktop"),
        (None, "Vagrant::Errors::NoDefaultProvider", "known: virtualbox, libvirt, vmware"),
    ],
)
def test_a_missing_provider_says_what_to_install(
    program: Program,
    lab: labs.Lab,
    monkeypatch: pytest.MonkeyPatch,
    provider: str | None,
    failure: str,
    help_: str,
) -> None:
    monkeypatch.setenv("DOUBLE_FAIL", f"{failure}: it is not usable,\n\nsays vagrant")
    with pytest.raises(KplayError) as caught:
        up(replace(lab, vagrant=labs.VagrantSettings(provider)))
    lines = str(caught.value).splitlines()
    assert lines[:3] == ["`vagrant up` failed", "it is not usable,", "says vagrant"]
    assert help_ in lines[3]
    assert not (vagrant_root() / "demo").exists()


def test_a_missing_vagrant_says_what_to_install(
    program: Program, lab: labs.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(KplayError, match=r"program vagrant, .*: apt-get install vagrant"):
        up(lab)
    assert not (vagrant_root() / "demo").exists()


def test_snapshots_are_those_that_all_hosts_have(answering: Program, lab: labs.Lab) -> None:
    snapshots = snapshots_of(lab)
    with pytest.raises(KplayError, match="lab `demo` is not up"):
        snapshots.names(lab)
    up(lab)
    answering.calls()
    assert snapshots.names(lab) == ["first", "third"]
    snapshots.take(lab, "fresh", lambda host, message: None)
    snapshots.restore(lab, "fresh", lambda host, message: None)
    snapshots.remove(lab, "fresh")
    assert [call[:-1] for call in answering.calls() if call[0] == "snapshot"] == [
        ["snapshot", "list"],
        ["snapshot", "save", "--force", "fresh"],
        ["snapshot", "restore", "--no-provision", "fresh"],
        ["snapshot", "delete", "fresh"],
    ]


def test_a_provider_without_snapshots_says_so(
    answering: Program, lab: labs.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    up(lab)
    text = "This provider doesn't support snapshots.\n\nThis may be a bug."
    monkeypatch.setenv("DOUBLE_FAIL", f"Vagrant::Errors::SnapshotNotSupported: {text}")
    message = (
        "the Vagrant provider `libvirt` cannot take snapshots:"
        " This provider doesn't support snapshots."
    )
    with pytest.raises(KplayError) as caught:
        snapshots_of(lab).take(lab, "fresh", lambda host, message: None)
    assert str(caught.value) == message


def test_a_box_for_lxc_is_built_where_there_is_none(
    answering: Program, lab: labs.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def run(argv: list[str], *, timeout: float) -> str:
        ran.append(argv)
        return "log\n/cache/the.box\n"

    monkeypatch.setattr(boxes, "run", run)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    containers = replace(lab, vagrant=labs.VagrantSettings("lxc"))
    path, _ = up(containers)
    assert ran == [["bash", str(place.folder() / "lxc/build-box"), "debian-12"]]
    add = ["box", "add", "--name", "kplay/debian-12", "--provider", "lxc", "/cache/the.box"]
    assert [*add, "--machine-readable"] in answering.calls()
    shared = yaml.safe_load(path.read_text())["all"]["children"]["lab_containers"]
    assert set(shared["hosts"]) == {"a", "b"}


@pytest.mark.parametrize("change", [{"os": "debian-13"}, {"box": True}])
def test_no_box_is_built_that_is_there_or_not_wanted(
    answering: Program, lab: labs.Lab, change: dict[str, str]
) -> None:
    box = "my/own" if "box" in change else None
    system = change.get("os", lab.os)
    up(replace(lab, os=system, vagrant=labs.VagrantSettings("lxc", box)))
    assert not any(call[:2] == ["box", "add"] for call in answering.calls())


def test_only_root_can_build_a_box(
    program: Program, lab: labs.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(KplayError, match=r"sudo .*/vagrant/lxc/build-box debian-12 FILE"):
        up(replace(lab, vagrant=labs.VagrantSettings("lxc")))


@pytest.mark.parametrize(
    ("line", "message", "place_"),
    [
        ("packages: [cron]", "`packages` is for nspawn machines: a Vagrant box has what it has", 11),
        ("hosts: {a: {disks: [1]}}", "lxc makes containers, which have no disks of their own", 20),
    ],
)
def test_what_vagrant_machines_cannot_be_is_refused_at_its_line(
    program: Program, line: str, message: str, place_: int
) -> None:
    hosts = "" if line.startswith("hosts") else "hosts: {a: }\n"
    text = f"{line}\nname: x\nprovider: vagrant\nvagrant: {{provider: lxc}}\n{hosts}"
    with pytest.raises(InputError) as caught:
        up(load_string(text, "lab.yml"))
    [fault] = caught.value.diagnostics
    assert (fault.message, str(fault.span)) == (message, f"lab.yml:1:{place_}")
    assert program.calls() == []
