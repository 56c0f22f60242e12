from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from kplay import lab as labs
from kplay.diagnostics import render
from kplay.errors import ExitCode, InputError
from kplay.lab.load import load_string

READY_MADE = Path(__file__).parents[3] / "inventories/lab"
GOOD = """\
name: demo
provider: nspawn
release: bookworm
network: {cidr: 10.90.7.0/24}
packages: [rsync]
hosts:
  cp1: {groups: [control_plane], memory: 2048, cpus: 2}
  w1:
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
    assert lab.name == "demo"
    assert lab.cidr == IPv4Network("10.90.7.0/24")
    assert lab.packages == ("rsync",)
    assert [host.name for host in lab.hosts] == ["cp1", "w1"]
    assert (lab.hosts[0].memory, lab.hosts[0].cpus) == (2048, 2)
    assert lab.hosts[0].groups == ("control_plane",)
    assert lab.groups[0].children == ("control_plane",)
    assert lab.groups[0].vars == {"color": "blue"}


def test_defaults() -> None:
    lab = load_string("name: x\nhosts: {a: }\n", "lab.yml")
    assert (lab.provider, lab.release, lab.cidr, lab.packages) == ("nspawn", "bookworm", None, ())


@pytest.mark.parametrize("file", sorted(READY_MADE.glob("*.yml")), ids=lambda file: file.stem)
def test_ready_made_labs_load_and_are_named_as_their_file(file: Path) -> None:
    assert labs.load_lab(file).name == file.stem
    assert labs.find_lab(str(file)).name == file.stem


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("name: Demo_1", "lab-name", "`Demo_1` cannot name a lab"),
        ("name: 7", "lab-name", "`7` cannot name a lab"),
        ("provider: vagrant", "lab-provider", "the provider `vagrant` is not available"),
        ("provider: nspwan", "lab-provider", "no lab provider named `nspwan`"),
        ("provider: [a]", "lab-provider", "no lab provider named `['a']`"),
        ("release: sarge", "lab-release", "no Debian release named `sarge`"),
        ("network: 10.1.1.0/24", "lab-network", "`network` is a mapping with `cidr`"),
        ("network: {cidr: 10.1.1.1/24}", "lab-network", "`10.1.1.1/24` is not an IPv4 network"),
        ("network: {cidr: 5}", "lab-network", "`5` is not an IPv4 network"),
        ("network: {cidr: 8.8.8.0/24}", "lab-network", "`8.8.8.0/24` is not a private network"),
        ("network: {cidr: 10.0.0.0/8}", "lab-network", "`10.0.0.0/8` is not a private network"),
        ("network: {cdir: 1}", "lab-unknown-key", "`network` has no key `cdir`"),
        ("packages: rsync", "lab-value", "`packages` is a list of names"),
        ("packages: ['--evil']", "lab-name", "`--evil` cannot name a Debian package"),
        ("packages: [1]", "lab-name", "`1` cannot name a Debian package"),
        ("boxes: 1", "lab-unknown-key", "a lab file has no key `boxes`"),
        ("groups: []", "lab-groups", "`groups` is a mapping of group names"),
        ("groups: {a-b: }", "lab-name", "`a-b` cannot name a group"),
        ("groups: {a: {vars: 1}}", "lab-value", "`vars` is a mapping of variable names"),
        ("hosts: {}", "lab-hosts", "`hosts` is a mapping of at least one host name"),
        ("hosts: [a]", "lab-hosts", "`hosts` is a mapping of at least one host name"),
        ("hosts: {A: }", "lab-name", "`A` cannot name a host"),
        ("hosts: {1: }", "lab-name", "`1` cannot name a host"),
        ("hosts: {a: 1}", "lab-value", "a host is a mapping of groups, memory, cpus, vars"),
        ("hosts: {a: {memory: 1G}}", "lab-value", "`memory` is a whole number of MiB"),
        ("hosts: {a: {cpus: true}}", "lab-value", "`cpus` is a whole number of processors"),
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
    codes = [one[0] for one in faults("provider: x\nrelease: y\nhosts: {Z: }\n")]
    assert codes == ["lab-key-missing", "lab-provider", "lab-name", "lab-release"]


@pytest.mark.parametrize("text", ["", "- a\n", "just text\n"])
def test_a_file_that_is_no_mapping(text: str) -> None:
    assert [one[0] for one in faults(text)] == ["lab-file"]


def test_a_network_too_small_for_its_hosts() -> None:
    hosts = ", ".join(f"h{number}: " for number in range(6))
    text = f"name: x\nnetwork: {{cidr: 10.1.1.0/28}}\nhosts: {{{hosts}}}\n"
    assert faults(text) == [("lab-network", "`10.1.1.0/28` is too small for 6 hosts", 2)]


def test_the_diagnostic_points_at_the_value() -> None:
    text = "name: x\nprovider: vagrant\nhosts: {a: }\n"
    with pytest.raises(InputError) as caught:
        load_string(text, "lab.yml")
    assert caught.value.exit_code == ExitCode.BAD_INPUT
    assert render(caught.value.diagnostics[0], {"lab.yml": text}) == (
        "error[lab-provider]: the provider `vagrant` is not available in this version\n"
        " --> lab.yml:2:11\n"
        "  |\n"
        "2 | provider: vagrant\n"
        "  |           ^^^^^^^\n"
        "  |\n"
        "  = help: `provider: nspawn` makes the same hosts without a hypervisor"
    )


def test_an_unknown_lab_names_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        labs.find_lab("thre")
    assert caught.value.diagnostics[0].message == "no lab file and no lab named `thre`"
    assert caught.value.diagnostics[0].help == ("did you mean `three`?",)


def test_a_missing_file_and_a_path_upwards_are_not_names() -> None:
    for name in ("../hosts", "./three", "nowhere/x.yml", ""):
        with pytest.raises(InputError):
            labs.find_lab(name)
