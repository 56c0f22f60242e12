"""Modules that are not kplay's, on real hosts: planned, applied, planned again."""

from __future__ import annotations

from typing import Any

import pytest
from traces import LOGIN_RECORDS, changed, logins, written

pytestmark = pytest.mark.hosts

TEXT = """\
import os

from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "text": {"required": True},
            "token": {"no_log": True},
        },
        supports_check_mode=True,
    )
    path, text = module.params["path"], module.params["text"] + "\\n"
    before = ""
    if os.path.exists(path):
        with open(path) as stream:
            before = stream.read()
    if before != text and not module.check_mode:
        with open(path, "w") as stream:
            stream.write(text)
    module.exit_json(
        changed=before != text,
        uid=os.getuid(),
        token=module.params["token"],
        diff={"before": before, "after": text, "after_header": path},
        ansible_facts={"text_said": module.params["text"]},
    )


if __name__ == "__main__":
    main()
"""
SITE = """\
- name: site
  hosts: h1, h4
  become: true
  tasks:
    - {name: text, text: {path: /etc/foreign, text: "on {{ inventory_hostname }}", token: hushhush}}
    - {name: parts, assemble: {src: /etc/foreign.d, dest: /etc/foreign.all}}
    - {name: mounts, mount_facts: {fstypes: [tmpfs]}, register: found}
"""
OTHERS = """\
- name: others
  hosts: h1
  tasks:
    - {name: as root, text: {path: /etc/foreign, text: "on h1"}, become: true, register: r}
    - {name: as itself, text: {path: /tmp/foreign-own, text: own}, register: own}
    - {name: words, words: {say: "hello you"}, register: w}
    - {name: job, text: {path: /tmp/foreign-job, text: job}, async: 30, poll: 0, register: job}
    - name: ended
      async_status: {jid: "{{ job.ansible_job_id }}"}
      register: j
      until: j is finished
      delay: 1
    - {name: fails, text: {path: /no/such/place, text: x}, ignore_errors: true, register: f}
    - name: said
      debug: {msg: "{{ [r.uid, own.uid != 0, w.said, j is changed, f.msg[:14], text_said] }}"}
"""
WORDS = """\
#!/bin/sh
. "$1"
printf '{"changed": false, "said": "%s"}' "$say"
"""


@pytest.fixture
def foreign(project: Any) -> Any:
    project.write("library/text.py", TEXT)
    project.write("library/words.sh", WORDS)
    project.write("site.yml", SITE)
    project.write("others.yml", OTHERS)
    for host in ("h1", "h4"):
        made = "sudo mkdir -p /etc/foreign.d && echo a | sudo tee /etc/foreign.d/1 >/dev/null"
        project.on(host, made)
    yield project
    for host in ("h1", "h4"):
        project.on(host, "sudo rm -rf /etc/foreign* /tmp/foreign-*")


def logged(project: Any) -> int:
    """Invocations of modules in a host's log."""
    return int(project.on("h1", "sudo journalctl --no-pager | grep -c 'Invoked with' || true"))


def test_plan_apply_plan(foreign: Any) -> None:
    foreign.on("h1", "sudo true")
    noise = logins(foreign) | LOGIN_RECORDS
    before, words = written(foreign.lab, "h1"), logged(foreign)
    planned = foreign.kplay("plan", "site.yml", "--detailed-exitcode")
    assert planned.code == 3, planned.said
    assert "~ text  [h1]  site.yml:5" in planned.out
    assert "+on h4" in planned.out
    assert "~ parts  [h1, h4]" in planned.out
    assert "2 hosts" in planned.out
    assert changed(before, written(foreign.lab, "h1")) - noise == set()
    assert logged(foreign) == words
    applied = foreign.ok("apply", "site.yml", "--yes")
    assert "text" in applied.out
    assert foreign.on("h4", "cat /etc/foreign /etc/foreign.all") == "on h4\na\n"
    assert logged(foreign) > words
    again = foreign.kplay("plan", "site.yml", "--detailed-exitcode")
    assert (again.code, "no changes" in again.out) == (0, True), again.said
    journal = (foreign.runs()[-1] / "journal.jsonl").read_text()
    assert "hushhush" not in journal + planned.said + applied.said + again.said
    ended = [one for one in foreign.events("StepEnded") if one["place"]["task"] == "mounts"]
    assert ended[0]["result"]["ansible_facts"]["mount_points"]


def test_users_jobs_programs_and_failures(foreign: Any) -> None:
    planned = foreign.ok("plan", "others.yml")
    assert "! words  [h1]" in planned.out
    assert "~ fails  [h1]" in planned.out
    done = foreign.ok("run", "others.yml")
    said = next(one for one in foreign.events("StepEnded") if one["place"]["task"] == "said")
    expected = [0, True, "hello you", True, "MODULE FAILURE", "job"]
    assert said["result"]["msg"] == expected, done.said
    assert foreign.on("h1", "stat -c %U /etc/foreign /tmp/foreign-own") == "root\nkplay\n"
    assert foreign.on("h1", "ls /tmp | grep -c '^kplay-\\|ansible' || true").strip() == "0"
