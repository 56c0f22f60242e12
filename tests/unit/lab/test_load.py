from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from kplay import lab as labs
from kplay.diagnostics import render
from kplay.errors import ExitCode, InputError
from kplay.lab.load import load_string
from kplay.lab.write import save

READY_MADE = Path(__file__).parents[3] / "inventories/lab"
GOOD = """\
name: demo
provider: vagrant
os: debian-13
packages: [rsync]
internet: false
networks:
  main: {cidr: 192.168.57.0/24}
  storage:
  backup: {cidr: 192.168.59.0/26}
vagrant: {provider: libvirt, box: our/debian}
hosts:
  cp1: {groups: [control_plane], memory: 2048, cpus: 2, disks: [10, 20], os: rocky-9}
  w1: {address: 192.168.57.24, networks: [backup], box: "our/other box"}
  w2: {networks: [main]}
  w3:
groups:
  lab: {children: [control_plane], vars: {color: blue}}
"""


def faults(text: str) -> list[tuple[str, str, int]]:
    with pytest.raises(InputError) as caught:
        load_string(text, "lab.yml")
    return [
        (one.code, one.message, one.span.line if one.span else 0)
        for one in caught.value.diagnostics
    ]


def test_everything_that_a_lab_file_can_say() -> None:
    lab = load_string(GOOD, "lab.yml")
    assert (lab.name, lab.provider, lab.os, lab.internet) == ("demo", "vagrant", "debian-13", False)
    assert lab.networks == (
        labs.LabNetwork("main", IPv4Network("192.168.57.0/24")),
        labs.LabNetwork("storage"),
        labs.LabNetwork("backup", IPv4Network("192.168.59.0/26")),
    )
    assert lab.packages == ("rsync",)
    assert lab.vagrant == labs.VagrantSettings("libvirt", "our/debian")
    cp1, w1, w2, w3 = lab.hosts
    assert (cp1.name, cp1.groups) == ("cp1", ("control_plane",))
    assert (cp1.memory, cp1.cpus, cp1.disks) == (2048, 2, (10, 20))
    assert (lab.os_of(cp1), lab.os_of(w1), w1.box) == ("rocky-9", "debian-13", "our/other box")
    assert w1.address == IPv4Address("192.168.57.24")
    assert [lab.position(one) for one in lab.hosts] == [11, 24, 13, 14]
    assert [[one.name for one in lab.networks_of(host)] for host in (cp1, w1, w2, w3)] == [
        ["main", "storage", "backup"],
        ["main", "backup"],
        ["main"],
        ["main", "storage", "backup"],
    ]
    assert lab.groups[0].children == ("control_plane",)
    assert lab.groups[0].vars == {"color": "blue"}
    assert str(lab.span("hosts", "cp1", "disks")) == "lab.yml:12:64"
    assert str(lab.span("hosts", "w1", "disks")) == "lab.yml:13:7"


def test_what_is_written_of_a_lab_reads_back_as_the_same(tmp_path: Path) -> None:
    for text in (GOOD, "name: x\nhosts: {a: }\n"):
        lab = load_string(text, "lab.yml")
        save(lab, tmp_path / "lab.yml")
        assert replace(labs.load_lab(tmp_path / "lab.yml"), file=lab.file) == lab


def test_defaults() -> None:
    lab = load_string("name: x\nhosts: {a: }\n", "lab.yml")
    assert (lab.provider, lab.os, lab.packages, lab.internet) == ("nspawn", "debian-12", (), None)
    assert lab.networks == (labs.LabNetwork("main"),)
    assert lab.vagrant == labs.VagrantSettings()
    assert lab.networks_of(lab.hosts[0]) == lab.networks
    assert labs.Lab("x", "nspawn", ()).span("hosts") is None


@pytest.mark.parametrize("file", sorted(READY_MADE.glob("*.yml")), ids=lambda file: file.stem)
def test_ready_made_labs_load_and_are_found_by_their_files_name(file: Path) -> None:
    assert labs.load_lab(file).name == {"1+2": "one-plus-two"}.get(file.stem, file.stem)
    assert labs.find_lab(str(file)) == labs.find_lab(file.stem)


def test_ready_made_labs_of_kubernetes_agree_on_what_containers_need() -> None:
    said = {}
    for name in ("single", "1+2", "ha", "air-gapped"):
        lab = labs.find_lab(name)
        said[name] = next(one.vars for one in lab.groups if one.name == "lab_containers")
    assert len(said["single"]) == 11
    assert all(one == said["single"] for one in said.values())


def test_ready_made_labs_are_what_they_are_called() -> None:
    sizes: dict[str, dict[str, int]] = {}
    for name in ("ha", "rke2-ha", "k3s", "air-gapped"):
        sizes[name] = {}
        for host in labs.find_lab(name).hosts:
            [group] = host.groups
            sizes[name][group] = sizes[name].get(group, 0) + 1
    assert sizes == {
        "ha": {"load_balancer": 1, "control_plane": 3, "workers": 2},
        "rke2-ha": {"load_balancer": 1, "rke2_servers": 3, "rke2_agents": 2},
        "k3s": {"server": 1, "agent": 2},
        "air-gapped": {"control_plane": 1, "workers": 2},
    }
    assert labs.find_lab("air-gapped").internet is False


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("name: Demo_1", "lab-name", "`Demo_1` cannot name a lab"),
        ("name: 7", "lab-name", "`7` cannot name a lab"),
        ("provider: nspwan", "lab-provider", "no lab provider named `nspwan`"),
        ("provider: [a]", "lab-provider", "no lab provider named `['a']`"),
        ("os: sarge", "lab-os", "no operating system named `sarge`"),
        ("internet: perhaps", "lab-value", "`internet` is true or false"),
        ("networks: 10.1.1.0/24", "lab-network", "`networks` is a mapping of at least one"),
        ("networks: {Main: }", "lab-name", "`Main` cannot name a network"),
        ("networks: {a: 7}", "lab-value", "a network is a mapping of cidr"),
        ("networks: {a: {cidr: 10.1.1.1/24}}", "lab-network", "`10.1.1.1/24` is not an IPv4"),
        ("networks: {a: {cidr: 5}}", "lab-network", "`5` is not an IPv4 network"),
        ("networks: {a: {cidr: 8.8.8.0/24}}", "lab-network", "`8.8.8.0/24` is not a private"),
        ("networks: {a: {cidr: 10.0.0.0/8}}", "lab-network", "`10.0.0.0/8` is not a private"),
        ("networks: {a: {cdir: 1}}", "lab-unknown-key", "a network has no key `cdir`"),
        (
            "networks: {a: {cidr: 10.1.0.0/16}, b: {cidr: 10.1.2.0/24}}",
            "lab-network",
            "the network `b` (10.1.2.0/24) overlaps `a` (10.1.0.0/16)",
        ),
        ("vagrant: libvirt", "lab-value", "`vagrant` is a mapping of provider, box"),
        ("vagrant: {provider: kvm}", "lab-provider", "no Vagrant provider named `kvm`"),
        ("vagrant: {box: }", "lab-value", "`box` is the name of a Vagrant box"),
        ("vagrant: {cpus: 2}", "lab-unknown-key", "`vagrant` has no key `cpus`"),
        ("packages: rsync", "lab-value", "`packages` is a list of names"),
        ("packages: ['--evil']", "lab-name", "`--evil` cannot name a Debian package"),
        ("packages: [1]", "lab-name", "`1` cannot name a Debian package"),
        ("boxes: 1", "lab-unknown-key", "a lab file has no key `boxes`"),
        ("groups: []", "lab-groups", "`groups` is a mapping of group names"),
        ("groups: {a b: }", "lab-name", "`a b` cannot name a group"),
        ("groups: {a: {vars: 1}}", "lab-value", "`vars` is a mapping of variable names"),
        ("hosts: {}", "lab-hosts", "`hosts` is a mapping of at least one host name"),
        ("hosts: [a]", "lab-hosts", "`hosts` is a mapping of at least one host name"),
        ("hosts: {A: }", "lab-name", "`A` cannot name a host"),
        ("hosts: {1: }", "lab-name", "`1` cannot name a host"),
        ("hosts: {a: 1}", "lab-value", "a host is a mapping of groups, memory, cpus, disks"),
        ("hosts: {a: {memory: 1G}}", "lab-value", "`memory` is a whole number of MiB"),
        ("hosts: {a: {cpus: true}}", "lab-value", "`cpus` is a whole number of processors"),
        ("hosts: {a: {disks: 10}}", "lab-value", "`disks` is a list of whole numbers of GiB"),
        ("hosts: {a: {disks: [0]}}", "lab-value", "`0` is not a whole number of GiB"),
        ("hosts: {a: {os: debian}}", "lab-os", "no operating system named `debian`"),
        ("hosts: {a: {box: 7}}", "lab-value", "`box` is the name of a Vagrant box"),
        ("hosts: {a: {address: 10.1}}", "lab-address", "`10.1` is not an IPv4 address"),
        ("hosts: {a: {address: 10.1.1.9}}", "lab-address", "an address of one's own needs the"),
        ("hosts: {a: {networks: main}}", "lab-value", "`networks` is a list of names"),
        ("hosts: {a: {networks: [x]}}", "lab-network", "no network of this lab named `x`"),
        ("hosts: {a: {group: [b]}}", "lab-unknown-key", "a host has no key `group`"),
        ("hosts: {a: {groups: b}}", "lab-value", "`groups` is a list of names"),
    ],
)
def test_a_bad_value_is_a_diagnostic_with_its_line(line: str, code: str, message: str) -> None:
    rest = {"name": "name: x", "hosts": "hosts: {a: }"}
    rest.pop(line.partition(":")[0], None)
    found = faults("\n".join([*rest.values(), line]) + "\n")
    assert [(one[0], one[2]) for one in found] == [(code, len(rest) + 1)]
    assert found[0][1].startswith(message)


def test_all_faults_of_a_file_at_once() -> None:
    codes = [one[0] for one in faults("provider: x\nos: y\nhosts: {Z: }\n")]
    assert codes == ["lab-key-missing", "lab-provider", "lab-name", "lab-os"]


@pytest.mark.parametrize("text", ["", "- a\n", "just text\n", "all: {hosts: {a: }}\n"])
def test_a_file_that_is_no_mapping(text: str) -> None:
    assert [one[0] for one in faults(text)] == ["lab-file"]


def test_a_network_too_small_for_its_hosts() -> None:
    hosts = ", ".join(f"h{number}: " for number in range(6))
    text = f"name: x\nnetworks: {{n: {{cidr: 10.1.1.0/28}}}}\nhosts: {{{hosts}}}\n"
    assert faults(text) == [("lab-network", "`10.1.1.0/28` is too small for 6 hosts", 2)]


@pytest.mark.parametrize(
    ("hosts", "message", "line"),
    [
        ("{a: {address: 10.1.2.9}}", "`10.1.2.9` is no address for a host in 10.1.1.0/24", 3),
        ("{a: {address: 10.1.1.2}}", "`10.1.1.2` is no address for a host in 10.1.1.0/24", 3),
        ("{a: {address: 10.1.1.255}}", "`10.1.1.255` is no address for a host in", 3),
        ("{a: , b: {address: 10.1.1.11}}", "the hosts `a` and `b` have the same address", 3),
        ("{a: {address: 10.1.1.12}, b: }", "the hosts `a` and `b` have the same address", 3),
        ("{a: {address: 10.1.1.40}}", "`10.2.1.0/28` is too small for 1 hosts", 2),
    ],
)
def test_an_address_that_cannot_be(hosts: str, message: str, line: int) -> None:
    networks = "{m: {cidr: 10.1.1.0/24}, n: {cidr: 10.2.1.0/28}}"
    text = f"name: x\nnetworks: {networks}\nhosts: {hosts}\n"
    [(_, said, where)] = faults(text)
    assert said.startswith(message)
    assert where == line


def test_the_diagnostic_points_at_the_value() -> None:
    text = "name: x\nprovider: vagrnat\nhosts: {a: }\n"
    with pytest.raises(InputError) as caught:
        load_string(text, "lab.yml")
    assert caught.value.exit_code == ExitCode.BAD_INPUT
    assert render(caught.value.diagnostics[0], {"lab.yml": text}) == (
        "error[lab-provider]: no lab provider named `vagrnat`\n"
        " --> lab.yml:2:11\n"
        "  |\n"
        "2 | provider: vagrnat\n"
        "  |           ^^^^^^^\n"
        "  |\n"
        "  = help: did you mean `vagrant`?"
    )
