"""``vagrant/Vagrantfile`` as Vagrant itself reads it: what each provider is told of a lab's hosts.

Nothing is brought up. Programs that Vagrant asks whether a provider is there are played.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
TOP = HERE.parent.parent
PROVIDERS = ("virtualbox", "libvirt", "vmware_desktop", "docker", "lxc")
PLAYED = {"VBoxManage": "echo 7.0.20r163906", "docker": "echo 28.0.0"}
LAB = """
name: two
networks:
  main: {cidr: 192.168.60.0/24}
  storage: {}
hosts:
  cp1: {memory: 2048, cpus: 2, address: 192.168.60.31}
  w1: {os: debian-13, networks: []}
"""

# Vagrant and its plugins come with `make hosts`
pytestmark = pytest.mark.hosts


class Vagrant:
    """Vagrant with a home of its own and a lab file."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.seen = place / "seen"
        (place / "home").mkdir()
        shutil.copy(HERE / "seen.Vagrantfile", place / "home/Vagrantfile")
        (place / "bin").mkdir()
        for name, answer in PLAYED.items():
            (place / "bin" / name).write_text(f"#!/bin/sh\n{answer}\n")
            (place / "bin" / name).chmod(0o755)

    def __call__(
        self, *arguments: str, lab: str, provider: str
    ) -> subprocess.CompletedProcess[str]:
        (self.place / "lab.yml").write_text(lab)
        self.seen.unlink(missing_ok=True)
        environment = {
            **os.environ,
            "PATH": f"{self.place / 'bin'}:{os.environ['PATH']}",
            "VAGRANT_HOME": str(self.place / "home"),
            "VAGRANT_CWD": str(TOP / "vagrant"),
            "VAGRANT_DOTFILE_PATH": str(self.place / "dot"),
            "VAGRANT_DEFAULT_PROVIDER": provider,
            "VAGRANT_CHECKPOINT_DISABLE": "1",
            "KPLAY_LAB": str(self.place / "lab.yml"),
            "KPLAY_SEEN": str(self.seen),
        }
        return subprocess.run(
            ["vagrant", *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            timeout=120,
        )

    def machines(self, lab: str, provider: str) -> dict[str, dict[str, Any]]:
        """What each machine came to, by name."""
        done = self("validate", lab=lab, provider=provider)
        assert done.returncode == 0, done.stdout + done.stderr
        return {one["name"]: one for one in map(json.loads, self.seen.read_text().splitlines())}

    def faults(self, lab: str, provider: str) -> str:
        """What Vagrant says of a lab that a provider cannot make."""
        done = self("validate", lab=lab, provider=provider)
        assert "Please use a provider that exists" not in done.stderr, done.stderr
        assert done.returncode != 0, done.stdout
        return done.stderr


@pytest.fixture
def vagrant(tmp_path: Path) -> Vagrant:
    return Vagrant(tmp_path)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_gets_names_and_boxes(vagrant: Vagrant, provider: str) -> None:
    machines = vagrant.machines(LAB, provider)
    assert list(machines) == ["cp1", "w1"]
    assert {one["provider"] for one in machines.values()} == {provider}
    assert [one["hostname"] for one in machines.values()] == ["cp1", "w1"]
    if provider == "docker":
        built = [one["settings"]["build_args"] for one in machines.values()]
        assert [args[1] for args in built] == ["FROM=debian:12-slim", "FROM=debian:13-slim"]
        assert built[0][3].startswith("KEY=ssh-rsa ")
    else:
        first, second = (one["box"] for one in machines.values())
        assert first
        assert second
        assert first != second


@pytest.mark.parametrize("provider", ["virtualbox", "libvirt", "vmware_desktop", "docker"])
def test_addresses_go_by_position_in_every_network(vagrant: Vagrant, provider: str) -> None:
    machines = vagrant.machines(LAB, provider)
    addresses = {
        name: [network["ip"] for network in one["networks"]] for name, one in machines.items()
    }
    assert addresses == {"cp1": ["192.168.60.31", "192.168.56.31"], "w1": ["192.168.60.12"]}
    mask = machines["cp1"]["networks"][0]["netmask"]
    assert mask == (24 if provider == "docker" else "255.255.255.0")


def test_virtualbox_gets_size_name_and_disks(vagrant: Vagrant) -> None:
    lab = LAB.replace("cpus: 2", "cpus: 2, disks: [10, 20]")
    machine = vagrant.machines(lab, "virtualbox")["cp1"]
    sized = [command[-2:] for _, command in machine["settings"]["customizations"]]
    assert sized == [["--memory", "2048"], ["--cpus", 2]]
    assert machine["settings"]["name"] == "kplay-two-cp1"
    gib = 1024**3
    assert machine["disks"] == [["data1", 10 * gib], ["data2", 20 * gib]]


def test_vmware_gets_size_name_and_disks(vagrant: Vagrant) -> None:
    lab = LAB.replace("cpus: 2", "cpus: 2, disks: [10]")
    machine = vagrant.machines(lab, "vmware_desktop")["cp1"]
    sized = {"displayname": "kplay-two-cp1", "memsize": "2048", "numvcpus": "2"}
    assert machine["settings"]["vmx"] == sized
    assert machine["disks"] == [["data1", 10 * 1024**3]]


def test_libvirt_gets_size_name_networks_and_disks(vagrant: Vagrant) -> None:
    lab = LAB.replace("cpus: 2", "cpus: 2, disks: [10, 20]")
    machine = vagrant.machines(lab, "libvirt")["cp1"]
    settings = machine["settings"]
    assert (settings["memory"], settings["cpus"]) == (2048, 2)
    assert settings["default_prefix"] == "kplay-two-"
    assert [disk["size"] for disk in settings["disks"]] == ["10G", "20G"]
    names = [network["libvirt__network_name"] for network in machine["networks"]]
    assert names == ["kplay-two-main", "kplay-two-storage"]


def test_libvirt_emulates_a_processor_only_where_it_must(vagrant: Vagrant) -> None:
    processor = Path("/proc/cpuinfo").read_text().split()
    able = Path("/dev/kvm").exists() and ("vmx" in processor or "svm" in processor)
    driver = vagrant.machines(LAB, "libvirt")["cp1"]["settings"]["driver"]
    assert driver == ("kvm" if able else "qemu")


def test_docker_gets_limits_and_a_container_that_boots(vagrant: Vagrant) -> None:
    machines = vagrant.machines(LAB, "docker")
    created = machines["cp1"]["settings"]["create_args"]
    assert {"--memory=2048m", "--cpus=2", "--stop-signal=SIGRTMIN+3"} <= set(created)
    assert not [one for one in machines["w1"]["settings"]["create_args"] if "--memory" in one]
    assert machines["cp1"]["settings"]["name"] == "kplay-two-cp1"


@pytest.mark.parametrize("provider", ["docker", "lxc"])
def test_containers_refuse_disks(vagrant: Vagrant, provider: str) -> None:
    said = vagrant.faults(LAB.replace("cpus: 2", "disks: [10]"), provider)
    assert f"hosts.cp1: {provider} makes containers, which have no disks of their own" in said


@pytest.mark.parametrize("provider", ["docker", "lxc"])
def test_an_os_without_a_box_asks_for_one(vagrant: Vagrant, provider: str) -> None:
    lab = LAB.replace("os: debian-13", "os: rocky-9")
    said = vagrant.faults(lab, provider)
    assert f"hosts.w1: there is no box of rocky-9 for {provider}; name one with `box`" in said
    assert "cp1" not in said.split("following errors")[1].split("hosts.w1")[0]
    mended = lab.replace("rocky-9", "rocky-9, box: my/rocky")
    assert vagrant.machines(mended, provider)["w1"]["box"] == (
        "my/rocky" if provider == "lxc" else None
    )


@pytest.mark.parametrize("named", [[], ["b"], ["/^b$/"]])
def test_a_host_whose_name_is_hexadecimal_is_no_other_machine_of_the_user(
    vagrant: Vagrant, named: list[str]
) -> None:
    other = vagrant.place / "other"
    other.mkdir()
    (other / "Vagrantfile").write_text(
        'Vagrant.configure("2") { |config| config.vm.define "precious" }\n'
    )
    entry = {
        "local_data_path": str(other / ".vagrant"),
        "name": "precious",
        "provider": "virtualbox",
        "state": "running",
        "vagrantfile_name": None,
        "vagrantfile_path": str(other),
        "extra_data": {},
    }
    index = vagrant.place / "home/data/machine-index/index"
    index.parent.mkdir(parents=True)
    index.write_text(json.dumps({"version": 1, "machines": {"b" + 31 * "0": entry}}))
    lab = "name: shop\nhosts: {b: {}}\n"
    done = vagrant("status", "--machine-readable", *named, lab=lab, provider="virtualbox")
    assert done.returncode == 0, done.stdout + done.stderr
    states = [line.split(",")[1:] for line in done.stdout.splitlines() if ",state," in line]
    assert states == [["b", "state", "not_created"]]
