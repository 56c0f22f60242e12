"""Runs that break and are resumed: no step is silently done twice, and none is lost."""

from __future__ import annotations

import json
import random
import signal
import time
from typing import Any

import pytest

from kplay import lab as labs
from kplay.lab.fault import Fault

pytestmark = pytest.mark.hosts

STEPS = """\
- name: steps
  hosts: {hosts}
  gather_facts: false
  become: {become}
  tasks:
    - {{name: before, shell: "echo before >> {log}"}}
    - {{name: state, copy: {{content: "one\\n", dest: "{log}.state"}}}}
    - {{name: slow, shell: "echo begun >> {log}; sleep {seconds}; echo slow >> {log}; echo said"}}
    - {{name: after, shell: "echo after >> {log}"}}
    - {{name: last, lineinfile: {{path: "{log}.state", line: two}}}}
"""
WHOLE = ["before", "begun", "slow", "after"]


def steps(project: Any, name: str, *, hosts: str = "h1", seconds: float = 5, become: bool = True):
    """A playbook whose every command leaves a line, and the path of those lines."""
    log = f"/root/{name}" if become else f"/home/kplay/{name}"
    project.write(
        "steps.yml",
        STEPS.format(hosts=hosts, log=log, seconds=seconds, become=str(become).lower()),
    )
    return log


def lines(project: Any, host: str, log: str) -> list[str]:
    return project.on(host, f"sudo cat {log} 2>/dev/null || true").split()


@pytest.mark.parametrize("become", [True, False], ids=["root", "user"])
def test_a_killed_controller(project: Any, until: Any, *, become: bool) -> None:
    log = steps(project, f"killed-{become}", hosts="h1:h2", become=become)
    process = project.start("run", "steps.yml")
    until(lambda: project.began("slow", "h1") and project.began("slow", "h2"), "the slow step")
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    resumed = project.ok("resume")
    for host in ("h1", "h2"):
        assert lines(project, host, log) == WHOLE, resumed.said
        assert project.on(host, f"sudo cat {log}.state").split() == ["one", "two"]
    ended = [one for one in project.events("StepEnded") if one["place"]["task"] == "slow"]
    assert {one["result"]["stdout"] for one in ended} == {"said"}
    assert len(project.runs()) == 1
    assert "there is nothing to resume" in project.ok("resume").said
    clean(project, "h1", "h2")


def test_a_cut_connection(project: Any, until: Any) -> None:
    log = steps(project, "cut", hosts="h3:h4", seconds=6)
    alive = "-o ServerAliveInterval=1 -o ServerAliveCountMax=4"
    process = project.start("run", "steps.yml", "-e", json.dumps({"ansible_ssh_extra_args": alive}))
    until(lambda: project.began("slow", "h3") and project.began("slow", "h4"), "the slow step")
    labs.cut_link(project.lab, "h4")
    try:
        done = project.finish(process, 120)
    finally:
        labs.restore_link(project.lab, "h4")
    assert done.code == 4, done.said
    assert "error[unreachable]: slow" in done.out
    assert "kplay resume" in done.out
    assert lines(project, "h3", log) == WHOLE
    resumed = project.ok("resume")
    assert lines(project, "h4", log) == WHOLE, resumed.said
    assert lines(project, "h3", log) == WHOLE
    slow = [one for one in project.events("StepEnded") if one["place"]["task"] == "slow"]
    assert slow[-1]["result"]["stdout"] == "said"
    clean(project, "h3", "h4")


@pytest.mark.parametrize("decision", ["--done", "--again"])
def test_a_power_cut_asks_what_is_true(project: Any, until: Any, decision: str) -> None:
    log = steps(project, f"power{decision}", seconds=30)
    process = project.start("run", "steps.yml")
    until(lambda: project.began("slow") and "begun" in lines(project, "h1", log), "the slow step")
    project.on("h1", "sync")
    if decision == "--again":
        labs.fault_host(project.lab, "h1", Fault("reboot"), progress=lambda _who, _what: None)
        done = project.finish(process, 120)
    else:
        labs.kill_host(project.lab, "h1")
        try:
            done = project.finish(process, 120)
        finally:
            labs.start_host(project.lab, "h1")
    assert done.code == 4, done.said
    asked = project.kplay("resume")
    assert asked.code == 2, asked.said
    name = project.runs()[0].name
    step = asked.err.partition("--done ")[2].split()[0]
    assert f"kplay resume {name} --done {step}" in asked.err
    assert f"--again {step}" in asked.err
    assert "steps.yml:8" in asked.err, asked.err
    assert lines(project, "h1", log) == ["before", "begun"]
    shortened = project.on("h1", "printf '#!/bin/sh\\n' | sudo tee /usr/local/bin/sleep >/dev/null;"
                           " sudo chmod 755 /usr/local/bin/sleep; command -v sleep")  # fmt: skip
    assert shortened.strip() == "/usr/local/bin/sleep"
    resumed = project.ok("resume", name, decision, step)
    twice = ["begun", "slow"] if decision == "--again" else []
    assert lines(project, "h1", log) == ["before", "begun", *twice, "after"], resumed.said
    assert project.on("h1", f"sudo cat {log}.state").split() == ["one", "two"]
    project.on("h1", "sudo rm /usr/local/bin/sleep")
    clean(project, "h1")


MANY = """\
- hosts: h2:h3
  gather_facts: false
  become: true
  tasks:
    - name: made
      file: {path: /root/many, state: directory}
    - name: count
      shell: "echo {{ item }} >> /root/many/log"
      loop: [a, b, c]
    - name: state
      lineinfile: {path: /root/many/state, line: "{{ item }}", create: true}
      loop: [x, y]
      notify: told
    - name: more
      shell: "echo more >> /root/many/log; echo {{ inventory_hostname }}"
      register: more
    - name: copied
      copy: {content: "{{ more.stdout }}\\n", dest: /root/many/copied}
  handlers:
    - {name: told, shell: "echo told >> /root/many/log"}
"""


@pytest.mark.parametrize("turn", range(2))
def test_killed_anywhere(project: Any, until: Any, turn: int) -> None:
    place = f"/root/many{turn}"
    project.write("many.yml", MANY.replace("/root/many", place))
    chance = random.Random(turn)  # noqa: S311 - where to kill, not a secret
    for _ in range(5):
        running = bool(project.runs())
        before = len(project.events("StepEnded")) if running else 0
        wanted = before + chance.randint(2, 9)
        process = project.start("resume" if running else "run", *([] if running else ["many.yml"]))
        until(
            lambda p=process, w=wanted: (
                p.poll() is not None or (project.runs() and len(project.events("StepEnded")) >= w)
            ),
            "some steps",
        )
        time.sleep(chance.random() / 20)
        process.send_signal(signal.SIGKILL)
        if process.wait(10) == 0:
            break
    else:
        project.ok("resume")
    for host in ("h2", "h3"):
        assert project.on(host, f"sudo cat {place}/log").split() == [
            "a",
            "b",
            "c",
            "more",
            "told",
        ]
        assert project.on(host, f"sudo cat {place}/state").split() == ["x", "y"]
        assert project.on(host, f"sudo cat {place}/copied").split() == [host]
    clean(project, "h2", "h3")


def test_ctrl_c_once_finishes_what_is_in_flight(project: Any, until: Any) -> None:
    log = steps(project, "once", seconds=4)
    process = project.start("run", "steps.yml")
    until(lambda: project.began("slow"), "the slow step")
    process.send_signal(signal.SIGINT)
    done = project.finish(process)
    assert done.code == 130, done.said
    assert lines(project, "h1", log) == ["before", "begun", "slow"]
    ended = [one["place"]["task"] for one in project.events("StepEnded")]
    assert ended[-1] == "slow"
    assert project.agents("h1") == []
    project.ok("resume")
    assert lines(project, "h1", log) == WHOLE


UNTIL = """command: test -e /root/comes-later
      retries: 99
      delay: 60
      until: it.rc == 0
      register: it"""
WAITS = """\
- name: waits
  hosts: h1
  gather_facts: false
  become: true
  tasks:
    - name: wait
      {what}
      ignore_errors: true
    - {{name: after, command: "echo after"}}
- name: below
  hosts: h2
  gather_facts: false
  tasks:
    - {{name: below, command: "echo below"}}
"""


@pytest.mark.parametrize(
    "what",
    [
        "wait_for: {path: /root/comes-later}",
        UNTIL,
    ],
    ids=["wait_for", "until"],
)
def test_ctrl_c_while_a_step_waits_is_no_failure(project: Any, until: Any, what: str) -> None:
    project.write("waits.yml", WAITS.format(what=what))
    process = project.start("run", "waits.yml")
    until(lambda: project.runs() and project.events("StepSent"), "the step that waits")
    time.sleep(3)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    done = project.finish(process)
    assert done.code == 130, done.said
    assert time.monotonic() - began < 20
    assert "interrupted h1: wait\n" in done.said, done.said
    assert "failed=0" in done.said
    assert "interrupted=1" in done.said
    assert "error[" not in done.said
    assert "is left" not in done.said
    assert "kplay resume" in done.said
    assert {one["place"]["task"] for one in project.events("StepEnded")} == {"wait"}
    project.on("h1", "sudo touch /root/comes-later")
    try:
        resumed = project.ok("resume")
    finally:
        project.on("h1", "sudo rm /root/comes-later")
    ended = [(one["place"]["task"], one["status"]) for one in project.events("StepEnded")]
    assert [row for row in ended if row[1] == "changed"][-2:] == [
        ("after", "changed"), ("below", "changed"),
    ], resumed.said  # fmt: skip
    clean(project, "h1", "h2")


def test_ctrl_c_twice_stops_at_once(project: Any, until: Any) -> None:
    log = steps(project, "twice", seconds=7)
    process = project.start("run", "steps.yml")
    until(lambda: project.began("slow"), "the slow step")
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    done = project.finish(process)
    assert done.code == 130, done.said
    assert time.monotonic() - began < 8
    assert "slow" not in lines(project, "h1", log)
    assert project.agents("h1")
    resumed = project.ok("resume")
    assert lines(project, "h1", log) == WHOLE, resumed.said
    clean(project, "h1")


def test_one_run_a_host_at_a_time(project: Any, until: Any) -> None:
    log = steps(project, "locked", seconds=7)
    process = project.start("run", "steps.yml")
    until(lambda: project.began("slow"), "the slow step")
    holder = project.runs()[0].name
    refused = project.kplay("run", "steps.yml", "-l", "h1")
    assert refused.code == 6, refused.said
    assert f"held by run {holder} of root" in refused.said
    planned = project.kplay("plan", "steps.yml")
    assert planned.code == 0, planned.said
    assert holder in planned.said
    assert project.finish(process).code == 0
    assert lines(project, "h1", log) == WHOLE


def clean(project: Any, *hosts: str) -> None:
    """Nothing of kplay is left on the hosts."""
    for host in hosts:
        assert project.agents(host) == []
        places = "/var/lib/kplay /home/kplay/.local/state/kplay /tmp/kplay*"
        assert project.on(host, f"sudo find {places} 2>/dev/null || true") == ""
