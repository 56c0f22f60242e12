"""Commands that a plan runs because their author vouches for them."""

from __future__ import annotations

from kplay.testing import FakeHost

PROBE = """
    - hosts: a
      gather_facts: false
      tasks:
        - {name: install, copy: {dest: /usr/bin/tool, content: x}}
        - {name: version, command: tool --version, check_mode: false, register: found}
        - {name: use, debug: {msg: "{{ found.stdout }}"}}
        - {name: new, command: tool upgrade, when: "'2' not in found.stdout"}
"""


def _planned(walked):
    return [(task, status) for _, task, status in walked.ended("a")]


def test_a_probe_that_fails_before_what_it_needs_is_unknown(walk):
    host = FakeHost(files={"/usr/bin/old": ""})
    host.when(["tool"], rc=127, stderr="no program tool")
    walked = walk(PROBE, hosts="a,", planning=True, fake={"a": host})
    assert walked.lost() == {}
    assert _planned(walked) == [
        ("install", "planned"),
        ("version", "planned"),
        ("use", "ok"),
        ("new", "planned"),
    ]
    causes = next(one.causes for one in walked.events if getattr(one, "causes", ()))
    assert "`install`, which a plan only plans" in causes


def test_a_probe_that_fails_where_nothing_was_planned_has_failed(walk):
    host = FakeHost(files={"/usr/bin/tool": "x"})
    host.when(["tool"], rc=127, stderr="no program tool")
    walked = walk(PROBE, hosts="a,", planning=True, fake={"a": host})
    assert walked.lost() == {"a": "failed"}


UNKNOWN_CHANGE = """
    - hosts: a
      gather_facts: false
      tasks:
        - {name: install, command: install}
        - {name: edit, lineinfile: {path: /etc/tool, line: x}, register: edited, notify: restart}
        - {name: after, debug: {msg: "{{ edited is changed }}"}}
      handlers:
        - {name: restart, command: restart}
"""


def test_a_change_that_cannot_be_told_is_unknown_to_all_that_reads_it(walk):
    walked = walk(UNKNOWN_CHANGE, hosts="a,", planning=True, fake={"a": FakeHost()})
    assert [task for task, status in _planned(walked) if status == "planned"] == [
        "install",
        "edit",
        "restart",
    ]
    assert walked.result("after", "a")["msg"] == "(known after: `edit` on a)"


ANSWER = """
    - hosts: a
      gather_facts: false
      tasks:
        - {name: ask, uri: {url: "http://h/x"}}
        - {name: keep, uri: {url: "http://h/x", dest: /tmp/x}}
"""


def test_what_an_answer_will_be_is_unknown_where_it_is_kept(walk):
    walked = walk(ANSWER, hosts="a,", planning=True, fake={"a": FakeHost()})
    assert _planned(walked) == [("ask", "ok"), ("keep", "planned")]
    kept = next(one for one in walked.events if getattr(one, "action", "") == "unknown")
    assert kept.place.task == "keep"
