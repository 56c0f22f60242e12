"""What plans and runs leave behind: a plan nothing, a run what its plan named, neither a secret."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from traces import LOGIN_RECORDS, changed, logins, written

from kplay import lab as labs

pytestmark = pytest.mark.hosts

RICH = """\
- name: rich
  hosts: h2
  become: true
  tasks:
    - {name: package, apt: {deb: /var/tmp/kplay-traces_1.0_all.deb}}
    - {name: group, group: {name: traces, system: true}}
    - name: user
      user: {name: traces, group: traces, system: true, home: /var/lib/traces, create_home: true}
    - {name: directory, file: {path: /etc/traces/deep, state: directory, mode: "0750"}}
    - {name: touched, file: {path: /etc/traces/empty, state: touch}}
    - {name: copy, copy: {src: files/tree/, dest: /etc/traces/tree/, owner: traces}}
    - {name: template, template: {src: conf.j2, dest: /etc/traces/conf}}
    - {name: link, file: {path: /etc/traces/link, src: /etc/traces/conf, state: link}}
    - {name: line, lineinfile: {path: /etc/traces/conf, line: "second = 2"}}
    - name: block
      blockinfile: {path: /etc/traces/conf, block: "third = 3"}
    - {name: replaced, replace: {path: /etc/traces/conf, regexp: first, replace: "1st"}}
    - name: unit
      copy:
        content: "[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n"
        dest: /etc/systemd/system/traces.service
    - {name: service, systemd: {name: traces, state: started, enabled: true, daemon_reload: true}}
    - name: kernel
      sysctl: {name: net.ipv4.ip_forward, value: "1", sysctl_file: /etc/sysctl.d/99-traces.conf}
    - {name: gone, file: {path: /etc/motd, state: absent}}
    - name: guarded
      command: {cmd: touch /etc/traces/made, creates: /etc/traces/made}
    - {name: asked, command: cat /etc/hostname, register: told, changed_when: false}
    - {name: seen, stat: {path: /etc/traces/conf}, register: seen}
    - {name: rendered, copy: {content: "{{ told.stdout }}\\n", dest: /etc/traces/told}}
"""

OF_MODULES = {
    "user": ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/subuid",
             "/etc/subgid", "/etc/.pwd.lock"],
    "group": ["/etc/group", "/etc/gshadow", "/etc/.pwd.lock"],
    "apt": ["/var/lib/dpkg/", "/var/lib/apt/", "/var/cache/apt/", "/var/log/apt/",
            "/var/log/dpkg.log", "/var/cache/debconf/", "/var/cache/ldconfig/"],
    "systemd": ["/etc/systemd/system/multi-user.target.wants/traces.service"],
}  # fmt: skip
"""Where modules write that a plan names by their user, package or unit."""


@pytest.fixture
def rich(project: Any) -> Any:
    tree = project.directory / "package"
    project.write(
        "package/DEBIAN/control",
        "Package: kplay-traces\nVersion: 1.0\nArchitecture: all\nMaintainer: k <k@example.org>\n"
        "Description: files\n",
    )
    project.write("package/usr/share/kplay-traces/data", "data\n")
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, project.directory],
                   check=True, capture_output=True)  # fmt: skip
    deb = (project.directory / "kplay-traces_1.0_all.deb").read_bytes()
    subprocess.run(
        labs.ssh_argv(project.lab, "h2", ["cat > /var/tmp/kplay-traces_1.0_all.deb"]),
        input=deb,
        check=True,
        timeout=60,
    )
    project.write("rich.yml", RICH)
    project.write("conf.j2", "first = {{ ansible_hostname }}\n")
    project.write("files/tree/a/b", "b\n")
    return project


def test_a_plan_writes_nothing_and_a_run_what_the_plan_named(rich: Any) -> None:
    rich.on("h2", "sudo true")
    noise = logins(rich) | LOGIN_RECORDS
    assert not [path for path in noise if path.startswith(("/etc", "/usr", "/home"))]
    before = written(rich.lab, "h2")
    planned = rich.ok("plan", "rich.yml", "--format", "json")
    assert changed(before, written(rich.lab, "h2")) - noise == set()
    rich.ok("plan", "rich.yml")
    assert changed(before, written(rich.lab, "h2")) - noise == set()
    plan = json.loads(planned.out)
    rich.ok("run", "rich.yml")
    wrote = changed(before, written(rich.lab, "h2")) - noise
    allowed = named(plan) | set(rich.on("h2", "dpkg -L kplay-traces").split())
    assert not {"/", "/var", "/etc", "/usr"} & {path.rstrip("/") for path in named(plan)}
    modules = {one["place"]["module"] for one in plan["changes"]}
    for module in modules & set(OF_MODULES):
        allowed |= set(OF_MODULES[module])
    # An agent without root keeps its slots below the home, and removes them
    allowed.add("/home/kplay")
    outside = {path for path in wrote if not within(path, allowed)}
    assert not [path for path in wrote if path.startswith("/home/kplay/")]
    assert outside == set()
    assert "/etc/traces/tree/a/b" in wrote
    assert "/usr/share/kplay-traces/data" in wrote
    again = rich.kplay("plan", "rich.yml", "--detailed-exitcode")
    assert [line for line in again.out.splitlines() if line.startswith("  ")][:2] != []
    assert "touched" in again.out


def named(plan: dict[str, Any]) -> set[str]:
    """Every absolute path that a change of the plan names."""
    found: set[str] = set()
    for change in plan["changes"]:
        text = json.dumps([change["diff"], change["result"], change["place"]["task"]])
        found |= set(re.findall(r"(?<![\w.])/[\w./@+-]+", text))
    parents = {"/", "/var", "/etc", "/usr", "/bin", "/var/lib"}
    return {path.rstrip("./") for path in found} - parents


def within(path: str, allowed: set[str]) -> bool:
    """Whether a path is named, is kin of a file that is edited beside it, or lies in a directory
    of the plan."""
    if path in allowed or path.rstrip("-") in allowed:
        return True
    above = {str(one) for one in PurePosixPath(path).parents}
    return bool(above & {one.rstrip("/") for one in allowed if one.count("/") > 1})


SECRETS = """\
- hosts: h1
  become: true
  gather_facts: false
  vars: {secret: "hunter2-{{ 6 * 7 }}-of-no-log"}
  tasks:
    - {name: hidden, shell: "echo {{ secret }}; echo {{ secret }} >&2", no_log: true, register: it}
    - {name: file, copy: {content: "{{ secret }}", dest: /root/secret, mode: "0600"}, no_log: true}
    - {name: used, command: "test {{ it.stdout | length }} -gt 5"}
    - {name: ask, shell: "test '{{ it.stdout }}' = wrong", no_log: true}
"""


def test_secrets_are_nowhere(project: Any) -> None:
    project.write("secrets.yml", SECRETS)
    password = labs.become_password(project.lab)
    variables = json.dumps({"ansible_user": "ops", "ansible_become_password": password})
    project.write("vars.json", variables)
    done = project.kplay("run", "secrets.yml", "-e", "@vars.json", "-vvv", "--diff")
    assert done.code == 2, done.said
    assert "hidden because `no_log: true`" in done.out
    resumed = project.kplay("resume", "-vvv", "--diff")
    planned = project.kplay("plan", "secrets.yml", "-e", "@vars.json", "-vvv", "--diff")
    stored = [path for path in (project.directory / ".kplay").rglob("*") if path.is_file()]
    assert {"journal.jsonl", "results.jsonl", "run.json", "key"} <= {one.name for one in stored}
    said = done.said + resumed.said + planned.said
    for secret in ("hunter2-42-of-no-log", password):
        assert secret not in said
        assert [str(one) for one in stored if secret in one.read_text(errors="replace")] == []
    private = {one.name: one.stat().st_mode & 0o77 for one in stored}
    assert (private["key"], private["results.jsonl"]) == (0, 0)
    assert (project.directory / ".kplay/runs").glob("*")


def test_the_journal_has_the_events_in_order(project: Any) -> None:
    project.write(
        "order.yml",
        "- hosts: h1:h2\n  gather_facts: false\n  tasks:\n"
        "    - {name: one, command: echo 1}\n    - {name: two, command: echo 2}\n",
    )
    project.ok("run", "order.yml")
    told = project.events()
    assert told[0]["event"] == "RunStarted"
    assert told[-1]["event"] == "RunEnded"
    assert told[-1]["traffic"]["h1"]["round_trips"] >= 1
    times = [one["time"] for one in told]
    assert times == sorted(times)
    for host in ("h1", "h2"):
        mine = [
            (one["event"], one["place"]["task"])
            for one in told
            if one.get("place", {}).get("host") == host and one["event"] != "StepOutput"
        ]
        assert [task for kind, task in mine if kind == "StepEnded"] == ["one", "two"]
        for task in ("one", "two"):
            order = [kind for kind, name in mine if name == task]
            assert order == ["StepSent", "StepStarted", "StepEnded"]


def test_nothing_of_kplay_is_left(project: Any) -> None:
    project.write(
        "left.yml",
        "- hosts: lab\n  tasks:\n    - {name: one, copy: {src: big, dest: /tmp/left-big}}\n"
        "    - {name: two, copy: {src: big, dest: /root/left-big}, become: true}\n"
        "    - {name: three, shell: 'echo 3', become: true}\n"
        "    - {name: four, command: 'false'}\n",
    )
    (project.directory / "big").write_bytes(b"0123456789abcdef" * 200_000)
    before = {path.name for path in Path("/tmp").iterdir()}
    done = project.kplay("run", "left.yml")
    assert done.code == 2, done.said
    for host in ("h1", "h2", "h3", "h4"):
        assert project.agents(host) == []
        places = "/var/lib/kplay /home/kplay/.local/state/kplay /tmp/kplay* /tmp/*.kplay* /root/.k*"
        assert project.on(host, f"sudo find {places} 2>/dev/null || true") == ""
        left = "sudo find /tmp /root /home/kplay -newer /tmp/left-big -name '.*kplay*'"
        assert project.on(host, left) == ""
        project.on(host, "sudo rm /tmp/left-big /root/left-big")
    assert [name for name in {path.name for path in Path("/tmp").iterdir()} - before
            if name.startswith("kplay")] == []  # fmt: skip
    mine = str(project.directory).encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = (process / "cwd").readlink()
        except OSError:
            continue
        assert str(where).encode() != mine, (process / "cmdline").read_bytes()
