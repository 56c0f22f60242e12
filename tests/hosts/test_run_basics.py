"""Plans and runs through the command line, on real hosts."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from typing import Any

import pytest

from kplay import lab as labs

pytestmark = pytest.mark.hosts

SITE = """\
- name: site
  hosts: lab
  become: true
  vars: {where: /etc/basics}
  tasks:
    - {name: directory, file: {path: "{{ where }}", state: directory, mode: "0750"}, tags: [base]}
    - name: conf
      template: {src: conf.j2, dest: "{{ where }}/conf"}
      notify: heard
    - {name: owner, user: {name: basics, system: true, shell: /usr/sbin/nologin}}
    - name: line
      lineinfile: {path: "{{ where }}/conf", line: "last = 1"}
      tags: [lines]
    - name: guarded
      command: {cmd: "touch {{ where }}/made", creates: "{{ where }}/made"}
  handlers:
    - {name: heard, copy: {content: "heard\\n", dest: "{{ where }}/heard"}}
"""


@pytest.fixture
def site(project: Any) -> Any:
    project.write("site.yml", SITE)
    project.write("conf.j2", "host = {{ inventory_hostname }}\\nlast = 1\\n".replace("\\n", "\n"))
    yield project
    for host in ("h1", "h2", "h3", "h4"):
        project.on(host, "sudo rm -rf /etc/basics; sudo userdel basics 2>/dev/null || true")


def test_plan_apply_plan_and_run_again(site: Any) -> None:
    planned = site.kplay("plan", "site.yml", "--detailed-exitcode")
    assert planned.code == 3, planned.said
    assert "+ directory  [h1, h2, h3, h4]" in planned.out
    assert "+host = h2" in planned.out
    assert not site.runs()
    assert site.on("h1", "ls /etc | grep -c basics || true").strip() == "0"
    applied = site.ok("apply", "site.yml", "--yes")
    assert "run " in applied.out
    for host in ("h1", "h4"):
        told = site.on(host, "sudo sh -c 'cat /etc/basics/conf /etc/basics/heard; ls /etc/basics'")
        assert told.split("\n")[:3] == [f"host = {host}", "last = 1", "heard"]
        assert "made" in told
    again = site.kplay("plan", "site.yml", "--detailed-exitcode")
    assert (again.code, "no changes" in again.out) == (0, True), again.said
    rerun = site.ok("run", "site.yml")
    assert rerun.out.count("changed=0") == 4
    assert "no changes on 4 hosts" in rerun.out
    assert {one["counts"]["h1"]["changed"] for one in site.events("RunEnded")} == {0}


def test_limit_tags_skip_tags_and_diff(site: Any) -> None:
    done = site.ok("run", "site.yml", "--limit", "h2", "--tags", "base")
    assert "h2 : ok=" in done.out
    assert "h1" not in done.out
    assert site.on("h2", "sudo ls -A /etc/basics") == ""
    sent = [one["place"]["task"] for one in site.events("StepSent")]
    assert sent == ["Gathering Facts", "directory"]
    done = site.ok("run", "site.yml", "-l", "h2", "--skip-tags", "lines", "--diff")
    assert "+++ /etc/basics/conf" in done.out
    assert "+host = h2" in done.out
    assert "line" not in {one["place"]["task"] for one in site.events("StepSent")}


def test_apply_asks_where_there_is_a_terminal(site: Any) -> None:
    refused = site.kplay("apply", "site.yml", "-l", "h1")
    assert refused.code == 5
    assert "--yes" in refused.err
    said, code = terminal(site, ["apply", "site.yml", "-l", "h1"], [("[y/N]", "n")])
    assert code == 0, said
    assert "nothing was changed" in said
    assert site.on("h1", "ls -d /etc/basics 2>/dev/null || true") == ""
    said, code = terminal(site, ["apply", "site.yml", "-l", "h1"], [("[y/N]", "y")])
    assert code == 0, said
    assert site.on("h1", "ls -d /etc/basics") == "/etc/basics\n"


WHO = """\
- hosts: h1:h2
  tasks:
    - {name: plain, command: id -un, register: me, changed_when: false}
    - {name: root, command: id -un, register: it, become: true, changed_when: false}
    - name: other
      command: id -un
      become: true
      become_user: kplay
      register: back
      changed_when: false
    - assert: {that: [me.stdout == login, it.stdout == "root", back.stdout == "kplay"]}
"""


def test_become_with_and_without_a_password(project: Any) -> None:
    project.write("who.yml", WHO)
    secret = labs.become_password(project.lab)
    project.ok("run", "who.yml", "-e", "login=kplay")
    ops = ("-e", "login=ops", "-e", "ansible_user=ops")
    said, code = terminal(project, ["run", "who.yml", *ops, "-K"], [("BECOME password:", secret)])
    assert code == 0, said
    assert secret not in said
    project.ok("run", "who.yml", *ops, "-K", stdin=f"{secret}\n")
    variables = project.write("secret.yml", f"ansible_become_password: '{secret}'\n")
    project.ok("run", "who.yml", *ops, "-e", f"@{variables.name}")
    wrote = [path for path in (project.directory / ".kplay").rglob("*") if path.is_file()]
    assert len(wrote) >= 12
    assert [path for path in wrote if secret in path.read_text(errors="replace")] == []


FLOW = """\
- hosts: lab
  serial: [1, "100%"]
  tasks:
    - name: mark
      shell: "date +%s%N > /tmp/flow-{{ inventory_hostname }}"
      notify: [second, first]
    - name: gathered
      command: echo {{ inventory_hostname }}
      delegate_to: h1
      register: told
    - name: once
      command: echo once-{{ inventory_hostname }}
      run_once: true
      register: one
    - {name: seen, debug: {msg: "{{ told.stdout }} {{ one.stdout }}"}}
  handlers:
    - {name: first, shell: "echo first >> /tmp/flow-{{ inventory_hostname }}"}
    - {name: second, shell: "echo second >> /tmp/flow-{{ inventory_hostname }}"}
- hosts: h2
  tasks:
    - copy: {content: "{{ hostvars['h4'].told.stdout }}\\n", dest: /tmp/flow-told}
"""


def test_serial_handlers_delegation_and_run_once(project: Any) -> None:
    project.write("flow.yml", FLOW)
    project.ok("run", "flow.yml")
    lines = project.on("h1", "cat /tmp/flow-h1").splitlines()
    assert lines[1:] == ["first", "second"]
    others = [project.on(host, f"cat /tmp/flow-{host}").splitlines() for host in ("h2", "h4")]
    assert all(other[1:] == ["first", "second"] for other in others)
    ended = [
        (one["place"]["host"], one["place"]["task"], one["place"]["delegate"])
        for one in project.events("StepEnded")
    ]
    assert ("h3", "gathered", "h1") in ended
    assert [host for host, task, _ in ended if task == "once"] == ["h1", "h2"]
    first = ended.index(("h1", "second", ""))
    assert all(ended.index((host, "mark", "")) > first for host in ("h2", "h3", "h4"))
    assert project.on("h2", "cat /tmp/flow-told") == "h4\n"
    assert [one["hosts"] for one in project.events("PlayStarted")] == [
        ["h1"], ["h2", "h3", "h4"], ["h2"],
    ]  # fmt: skip


def terminal(project: Any, words: list[str], answers: list[tuple[str, str]]) -> tuple[str, int]:
    """Run on a terminal of its own, typing each answer when its prompt is there."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        project.argv(*words),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=project.directory,
        env=project.env(),
        start_new_session=True,
    )
    os.close(slave)
    said, deadline = "", time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            if select.select([master], [], [], 0.2)[0]:
                try:
                    data = os.read(master, 65536)
                except OSError:  # the other side has closed
                    break
                if not data:
                    break
                said += data.decode(errors="replace")
            if answers and answers[0][0] in said:
                os.write(master, answers.pop(0)[1].encode() + b"\n")
        code = process.wait(10)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(master)
    return said, code
