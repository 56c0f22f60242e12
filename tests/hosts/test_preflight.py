"""The preflight on three hosts with many faults: one plan names them all, and changes nothing."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from traces import LOGIN_RECORDS, changed, logins, written

from kplay import lab as labs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.hosts
ROOT = Path(__file__).parents[2]
HOSTS = ("p1", "p2", "p3")

PLAY = """\
- name: Preflight
  hosts: all
  gather_facts: false
  become: true
  roles:
    - { role: preflight, preflight_profile: k3s }
"""

# Control groups and clocks are those of the machine below, as for the lab's ready-made files.
OF_CONTAINERS = ["cgroup-v1", "clock-unsynchronized", "product-uuid-duplicate"]

FAULTS = {
    "p1": """
        iptables -A INPUT -s P2 -p tcp --dport 6443 -j DROP
        iptables -A INPUT -s P3 -p udp --dport 8472 -j DROP
    """,
    "p2": """
        iptables -A INPUT -s P1 -p tcp --dport 10250 -j REJECT
        iptables -A INPUT -s P3 -p tcp --dport 10250 -j REJECT --reject-with tcp-reset
        systemd-run --quiet --unit=other python3 -m http.server 10256 --bind 127.0.0.1
    """,
    "p3": """
        iptables -A INPUT -s P1 -p udp --dport 8472 -j REJECT
        # sudo asks for the address of the host's own name
        echo 127.0.1.1 p2 >> /etc/hosts
        ip route save default > /run/default.route && ip route del default
        cp /etc/machine-id /run/own-id && printf '%s\\n' MACHINE > /etc/machine-id
        hostname p2
    """,
}
MENDED = {
    "p1": "iptables -F INPUT",
    "p2": "iptables -F INPUT; systemctl stop other",
    "p3": """
        iptables -F INPUT; ip route restore < /run/default.route; sed -i '$d' /etc/hosts
        hostname p3; cp /run/own-id /etc/machine-id
    """,
}
PROHIBITED = "prohibited by a firewall"
REFUSED = "refused although it was listened on"
API = "Kubernetes API and supervisor"
EXPECTED = {
    ("hostname-duplicate", "p2", "hostname p2 is also that of p3"),
    ("hostname-duplicate", "p3", "hostname p2 is also that of p2"),
    ("machine-id-duplicate", "p2", "machine-id MACHINE is also that of p3"),
    ("machine-id-duplicate", "p3", "machine-id MACHINE is also that of p2"),
    *(
        ("registration-unresolved", host, "registration address api.example does not resolve")
        for host in HOSTS
    ),
    ("port-blocked", "p1", f"p2 (P2) is not reached on 10250/tcp (kubelet): {PROHIBITED}"),
    ("port-blocked", "p1", f"p3 (P3) is not reached on 8472/udp (flannel VXLAN): {REFUSED}"),
    ("port-blocked", "p2", f"p1 (P1) is not reached on 6443/tcp ({API}): no answer"),
    ("port-blocked", "p3", "p1 (P1) is not reached on 8472/udp (flannel VXLAN): no answer"),
    ("port-blocked", "p3", f"p2 (P2) is not reached on 10250/tcp (kubelet): {REFUSED}"),
    ("port-taken", "p2", "port 10256/tcp is taken by python3"),
    ("default-route-missing", "p3", "no default route"),
    ("memory", "p1", "MiB of memory, 9000000 are wanted (server)"),
}  # fmt: skip


@pytest.fixture(scope="module")
def lab() -> Iterator[labs.Lab]:
    made = replace(
        labs.load_lab(ROOT / "tests/labs/preflight.yml"), name=f"preflight-{os.getpid()}"
    )
    try:
        labs.up(made, progress=lambda host, message: None)
        yield made
    finally:
        labs.down(made, progress=lambda host, message: None)


@pytest.fixture
def project(tmp_path: Path, lab: labs.Lab, project_of: Callable[[Path, labs.Lab], Any]) -> Any:
    (tmp_path / "roles").symlink_to(ROOT / "playbooks/roles")
    made = project_of(tmp_path, lab)
    made.write("play.yml", PLAY)
    return made


def do(project: Any, scripts: dict[str, str], words: dict[str, str]) -> None:
    """Run a script on each host, as root."""
    for host, text in scripts.items():
        script = text
        for word, value in words.items():
            script = script.replace(word, value)
        quoted = "set -e\n" + script.replace("'", "'\"'\"'")
        project.on(host, f"sudo sh -c '{quoted}'")


def given(**variables: Any) -> list[str]:
    # machines of a busy lab may begin a second apart
    known = {"preflight_ignore": OF_CONTAINERS, "preflight_cpus": {}, "preflight_patience": 4}
    known |= variables
    return ["-e", json.dumps(known)]


def test_one_plan_names_every_fault_and_changes_nothing(project: Any) -> None:
    rows = {one.name: one.address for one in labs.status(project.lab)}
    words = {name.upper(): rows[name] for name in HOSTS}
    words["MACHINE"] = project.on("p2", "cat /etc/machine-id").strip()
    of_logins = {path for host in HOSTS for path in logins(project, host)} | LOGIN_RECORDS
    do(project, FAULTS, words)
    before = {host: written(project.lab, host) for host in HOSTS}
    wrong = given(
        preflight_registration_address="api.example", preflight_memory_mb={"server": 9000000}
    )

    planned = project.kplay("plan", *wrong, "play.yml")

    assert planned.code == 2, planned.said
    for host in HOSTS:
        touched = changed(before[host], written(project.lab, host))
        assert touched - of_logins == set()
        assert not project.agents(host)
    found = project.kplay("run", *wrong, "play.yml")
    assert found.code == 2, found.said
    (ended,) = [
        one["result"]
        for one in project.events("StepEnded")
        if one["place"]["task"].endswith("found on all hosts")
    ]
    told = {(one["id"], one["host"], one["text"]) for one in ended["findings"]}
    expected = {(rule, host, said(text, words)) for rule, host, text in EXPECTED}
    missing = {
        (rule, host, text)
        for rule, host, text in expected
        if not any((rule, host) == one[:2] and text in one[2] for one in told)
    }
    assert missing == set(), told
    assert len(told) == len(expected), told
    assert ended["errors"] == len(expected)
    for _, _, text in told:
        assert text in planned.said
        assert text in found.said
    assert "roles/preflight/tasks/main.yml" in planned.said

    do(project, MENDED, words)
    well = given(preflight_registration_address=rows["p1"], preflight_memory_mb={})
    passed = project.ok("plan", "--detailed-exitcode", *well, "play.yml")
    assert "no changes" in passed.out
    assert "error" not in passed.said


def said(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(f"({word})", f"({value})").replace(f" {word} ", f" {value} ")
    return text
