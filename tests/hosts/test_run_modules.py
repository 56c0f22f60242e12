"""Modules on a host that has their programs: planned, applied, and nothing left to change."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kplay import lab as labs

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.hosts

LAB_FILE = Path(__file__).parents[2] / "tests/labs/modules.yml"
KEY = "example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7qVPoRhgYnZJrPHGhPx8yq8Qc2mLTUJbnVwVDzn8dV"

REPOSITORY = """\
set -e
cd /srv
git init -q -b main --bare r.git
git clone -q r.git work 2>/dev/null
cd work
git config user.email ops@example && git config user.name ops
echo 1 > f && git add f && git commit -qm one && git tag v1 && git push -q origin HEAD:main --tags
"""

BUILTIN = f"""\
- hosts: m1
  become: true
  gather_facts: false
  tasks:
    - {{name: job, cron: {{name: a, minute: "5", hour: "2", job: /bin/true, user: root}}}}
    - {{name: job in a file, cron: {{name: b, cron_file: ours, user: root, special_time: daily,
        job: /bin/true}}}}
    - {{name: variable, cron: {{name: MAILTO, env: true, value: ops, user: root}}}}
    - name: rule
      iptables: {{chain: INPUT, protocol: tcp, destination_port: "22", ctstate: [NEW],
        jump: ACCEPT, comment: ssh in}}
    - name: rule of the newer protocol
      iptables: {{chain: FORWARD, source: "!fd00::/8", jump: DROP, ip_version: ipv6,
        action: insert}}
    - name: translation
      iptables: {{table: nat, chain: POSTROUTING, out_interface: eth0, jump: MASQUERADE}}
    - {{name: chain, iptables: {{chain: OURS, chain_management: true}}}}
    - {{name: policy, iptables: {{chain: FORWARD, policy: DROP}}}}
    - {{name: tree, git: {{repo: /srv/r.git, dest: /srv/tree, version: main}}}}
    - {{name: shallow, git: {{repo: "file:///srv/r.git", dest: /srv/shallow, depth: 1,
        version: v1}}}}
    - name: distribution
      pip: {{name: /srv/demo-1.0-py3-none-any.whl, break_system_packages: true,
        extra_args: --no-index}}
    - {{name: by name, pip: {{name: "demo>=1", break_system_packages: true}}}}
    - {{name: answer, debconf: {{name: tzdata, question: tzdata/Areas, value: Europe,
        vtype: select}}}}
    - name: host key
      known_hosts: {{name: example, key: {KEY}, path: /etc/ssh/ssh_known_hosts, hash_host: true}}
"""

OTHERS = """\
- hosts: m1
  become: true
  gather_facts: false
  tasks:
    - {name: key, apt_key: {file: /usr/share/keyrings/debian-archive-bookworm-stable.gpg,
        keyring: /etc/apt/trusted.gpg.d/ours.gpg}}
    - {name: pager, community.general.alternatives: {name: pager, path: /bin/more}}
    - {name: own, alternatives: {name: demo, link: /usr/local/bin/demo, path: /bin/ls,
        priority: 10}}
    - name: archive
      community.general.archive: {path: /srv/tree, dest: /srv/tree.tgz,
        exclusion_patterns: ["tree/.git*"]}
    - {name: file system, filesystem: {dev: /srv/disk, fstype: ext4}}
    - {name: limit, pam_limits: {domain: "*", limit_type: soft, limit_item: nofile, value: "65536"}}
    - {name: attributes, file: {path: /srv/disk, attributes: +A}}
    - {name: firewall rule, community.general.ufw: {rule: allow, port: "22", proto: tcp,
        comment: ssh}}
    - {name: firewall profile, ufw: {rule: allow, name: OpenSSH}}
    - {name: firewall policy, ufw: {default: reject, direction: incoming}}
    - {name: firewall logging, ufw: {logging: "off"}}
    - {name: zone, ansible.posix.firewalld: {port: 8080/tcp, zone: public, permanent: true,
        immediate: true, state: enabled}}
    - name: zone rule
      firewalld: {rich_rule: 'rule family="ipv4" source address="10.9.0.0/16" accept',
        permanent: true, state: enabled}
"""


@pytest.fixture(scope="module")
def equipped() -> Iterator[labs.Lab]:
    """The lab of ``tests/labs/modules.yml``, up."""
    lab = replace(labs.load_lab(LAB_FILE), name=f"modules-{os.getpid()}")
    told: list[str] = []
    try:
        labs.up(lab, progress=lambda host, message: told.append(f"{host}: {message}"))
        yield lab
    finally:
        labs.down(lab, progress=lambda host, message: told.append(f"{host}: {message}"))


@pytest.fixture
def site(tmp_path: Path, equipped: labs.Lab, project_of: Any) -> Any:
    return project_of(tmp_path, equipped)


def wheel() -> bytes:
    """A distribution called demo, of one empty module."""
    out, info = io.BytesIO(), "demo-1.0.dist-info"
    with zipfile.ZipFile(out, "w") as whole:
        whole.writestr("demo.py", "")
        whole.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
        whole.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        names = ["demo.py", *(f"{info}/{one}" for one in ("METADATA", "WHEEL", "RECORD"))]
        whole.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in names))
    return out.getvalue()


def settled(site: Any, playbook: str, steps: int) -> None:
    """Plan, apply exactly that, and plan that nothing is left."""
    before = site.kplay("plan", playbook, "--detailed-exitcode")
    assert before.code == 3, before.said
    applied = site.ok("apply", playbook, "--yes")
    assert f"changed={steps} " in applied.out, applied.said
    again = site.kplay("plan", playbook, "--detailed-exitcode")
    assert (again.code, "no changes" in again.out) == (0, True), again.said


def test_builtin_modules_and_ansible_finds_nothing_left(site: Any) -> None:
    site.on("m1", f"sudo sh -c '{REPOSITORY}'")
    site.write("demo-1.0-py3-none-any.whl", "").write_bytes(wheel())
    site.write("bring.yml", "- hosts: m1\n  become: true\n  tasks:\n"
               "    - copy: {src: demo-1.0-py3-none-any.whl, dest: /srv/}\n")  # fmt: skip
    site.ok("run", "bring.yml")
    site.write("site.yml", BUILTIN)
    # the distribution is there by its name when its file was installed
    settled(site, "site.yml", 13)
    assert site.on("m1", "sudo git -C /srv/shallow rev-list --count HEAD") == "1\n"
    assert "--dport 22" in site.on("m1", "sudo iptables -S INPUT")
    assert "/bin/true" in site.on("m1", "sudo crontab -l -u root")
    told = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("ansible-playbook")), "site.yml"),
            *("-i", str(labs.inventory_path(site.lab))),
        ],
        cwd=site.directory,
        env={**site.env(), "ANSIBLE_LOCAL_TEMP": str(site.directory / "ansible")},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert "changed=0 " in told.stdout, told.stdout + told.stderr


def test_modules_of_collections(site: Any) -> None:
    site.write("others.yml", OTHERS)
    site.on("m1", "sudo truncate -s 32M /srv/disk")
    settled(site, "others.yml", 13)
    assert site.on("m1", "readlink /etc/alternatives/pager") == "/bin/more\n"
    assert site.on("m1", "tar tzf /srv/tree.tgz") == "tree/f\n"
    assert "8080/tcp" in site.on("m1", "sudo firewall-cmd --permanent --list-ports")
    assert "22/tcp" in site.on("m1", "sudo ufw show added")
