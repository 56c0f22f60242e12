"""Modules that are not kplay's, from a playbook to what it sees of them."""

from __future__ import annotations

import json

import pytest

from kplay.errors import InputError
from kplay.testing import FakeHost
from kplay.walk import events

MODULE = """
from ansible.module_utils.basic import AnsibleModule
AnsibleModule(argument_spec={}, supports_check_mode=True).exit_json(ansible_facts=dict(seen=1))
"""
LIBRARY = {
    "library/asks.py": MODULE,
    "library/acts.py": MODULE.replace("supports_check_mode=True", ""),
    "library/words.sh": "#!/bin/sh\n",
}
PYTHON = "/usr/bin/python3"


def answering(**said) -> FakeHost:
    return FakeHost(facts={"executable": PYTHON}).when([PYTHON], stdout=json.dumps(said))


def head(host: FakeHost) -> dict:
    return json.loads(host.stdin.splitlines()[0])


def test_arguments_defaults_and_what_ansible_tells_beside_them(walk):
    host = answering(changed=False)
    walk(
        """
        - hosts: a
          gather_facts: false
          no_log: true
          module_defaults: {asks: {one: 1, two: 2}}
          tasks: [{name: asks, asks: {two: "{{ 1 + 2 }}", three: [a]}}]
        """,
        files=LIBRARY,
        fake={"a": host},
    )
    given = head(host)
    own = {key: value for key, value in given["args"].items() if not key.startswith("_")}
    assert own == {"one": 1, "two": 3, "three": ["a"]}
    told = given["args"]
    assert (told["_ansible_no_log"], told["_ansible_check_mode"]) == (True, False)
    assert (told["_ansible_module_name"], given["package"]) == ("asks", "ansible.modules.asks")
    assert list(host.runs[0].argv[:3]) == [PYTHON, "-B", "-c"]


def test_its_facts_are_the_host_s_and_events_name_it(walk):
    walked = walk(
        """
        - hosts: a
          gather_facts: false
          tasks:
            - {name: asks, asks: }
            - {name: said, debug: {msg: "{{ seen }}"}}
            - {name: turns, asks: , loop: [1]}
        """,
        files=LIBRARY,
        fake={"a": answering(changed=True, ansible_facts={"seen": "yes"}, warnings=["mind"])},
    )
    assert {task: status for _, task, status in walked.ended()} == {
        "asks": "changed", "said": "ok", "turns": "changed",
    }  # fmt: skip
    assert walked.result("said", "a")["msg"] == "yes"
    ended = [one for one in walked.events if isinstance(one, events.StepEnded)]
    assert ended[0].place.module == "asks"
    warned = [one.message for one in walked.events if isinstance(one, events.Warned)]
    assert warned == ["a: asks: mind", "a: turns: mind"]


PLAN = """
- hosts: a
  gather_facts: false
  tasks:
    - {name: first, asks: {x: 1}, register: r}
    - {name: of first, debug: {msg: "{{ [r.word | default('none'), seen] }}"}}
"""


def test_a_plan_knows_what_does_not_change(walk):
    host = answering(changed=False, word="w", ansible_facts={"seen": 1})
    walked = walk(PLAN, files=LIBRARY, fake={"a": host}, planning=True)
    assert walked.result("of first", "a")["msg"] == ["w", 1]
    assert host.runs == []
    assert head(host)["args"]["_ansible_check_mode"] is True


def test_of_a_change_a_plan_knows_the_diff_and_the_names_of_facts(walk):
    diff = {"before": "a\n", "after": "b\n"}
    host = answering(changed=True, word="w", ansible_facts={"more": 2}, diff=diff)
    walked = walk(PLAN, files=LIBRARY, fake={"a": host}, planning=True)
    first = next(one for one in walked.events if isinstance(one, events.StepEnded))
    assert (first.status, first.action) == ("planned", "update")
    assert first.result["ansible_facts"] == dict.fromkeys(
        ("more", "seen"), "(known after: `first` on a)"
    )
    assert "word" not in first.result
    assert "known after" in walked.result("of first", "a")["msg"]


def test_without_a_check_mode_it_is_planned_as_run(walk):
    host = answering(changed=True)
    playbook = PLAN.replace(" asks:", " acts:") + "    - {name: words, words: say=x}\n"
    walked = walk(playbook, files=LIBRARY, fake={"a": host}, planning=True)
    rows = [one for one in walked.events if isinstance(one, events.StepEnded)]
    assert [one.action for one in rows] == ["run", "none", "run"]
    assert host.stdin == ""


def test_what_fails_after_a_planned_change_may_come_right(walk):
    playbook = """
        - hosts: a
          gather_facts: false
          tasks:
            - {name: before, copy: {content: x, dest: /etc/x}}
            - {name: asks, asks: }
    """
    fake = {"a": answering(failed=True, msg="no /etc/x")}
    walked = walk(playbook, files=LIBRARY, fake=fake, planning=True)
    last = [one for one in walked.events if isinstance(one, events.StepEnded)][-1]
    assert (last.status, last.action) == ("planned", "unknown")
    assert last.causes == ["`before`, which a plan only plans"]
    fake["a"].add_file("/etc/x", "x")
    walked = walk(playbook, files=LIBRARY, fake=fake, planning=True)
    assert walked.ended()[-1] == ("a", "asks", "failed")


def test_what_it_says_after_a_planned_change_is_open(walk):
    playbook = """
        - hosts: a
          gather_facts: false
          tasks:
            - {name: before, copy: {content: x, dest: /etc/x}}
            - {name: asks, asks: , register: r}
            - {name: said, debug: {msg: "{{ r.word }}"}}
    """
    fake = {"a": answering(changed=False, word="w")}
    walked = walk(playbook, files=LIBRARY, fake=fake, planning=True)
    assert walked.ended()[1] == ("a", "asks", "ok")
    assert "known after" in walked.result("said", "a")["msg"]


def test_check_mode_of_a_task_in_a_run(walk):
    host = answering(changed=True, word="w")
    walked = walk(
        """
        - hosts: a
          gather_facts: false
          check_mode: true
          tasks:
            - {name: asks, asks: , register: r}
            - {name: said, debug: {msg: "{{ r.word }}"}}
            - {name: acts, acts: , register: n}
            - {name: never asks, asks: , check_mode: false}
        """,
        files=LIBRARY,
        fake={"a": host},
    )
    statuses = [status for _, _, status in walked.ended()]
    assert statuses == ["planned", "ok", "skipped", "changed"]
    assert walked.result("said", "a")["msg"] == "w"
    assert "does not support check mode" in walked.result("acts", "a")["msg"]
    assert len(host.runs) == 1


def test_a_job_carries_what_it_needs_but_a_program_is_asked_for(walk):
    playbook = """
        - hosts: a
          gather_facts: false
          tasks: [{name: job, MODULE: , async: 5, poll: 0}]
    """
    files = {**LIBRARY, "library/words.sh": "#!/bin/sh\n" + "# long\n" * 9000}
    walked = walk(playbook.replace("MODULE", "asks"), files=files, fake={"a": answering()})
    assert walked.ended() == [("a", "job", "ok")]
    walked = walk(playbook.replace("MODULE", "words"), files=files, fake={"a": answering()})
    assert "cannot run with `poll: 0`" in walked.result("job", "a")["msg"]


def test_one_that_is_no_python_fails_at_its_task(walk):
    files = {"library/odd.py": "import ansible.module_utils.basic\nif:\n"}
    walked = walk(
        "- {hosts: a, gather_facts: false, tasks: [{name: odd, odd: }]}",
        files=files,
        fake={"a": answering()},
    )
    assert walked.ended() == [("a", "odd", "failed")]
    assert "cannot be packed" in walked.result("odd", "a")["msg"]


@pytest.mark.parametrize("group", ["group/nice.kit.all", "nice.kit.tool"])
def test_defaults_of_a_group_that_a_collection_declares(walk, group):
    kit = "collections/ansible_collections/nice/kit"
    files = {
        f"{kit}/meta/runtime.yml": "action_groups: {all: [tool]}\n",
        f"{kit}/plugins/modules/tool.py": MODULE,
    }
    playbook = f"""
        - hosts: a
          gather_facts: false
          module_defaults: {{{group}: {{x: 1}}}}
          tasks: [{{name: tool, nice.kit.tool: {{y: 2}}}}]
    """
    host = answering()
    walk(playbook, files=files, fake={"a": host})
    assert {key: head(host)["args"][key] for key in ("x", "y")} == {"x": 1, "y": 2}
    with pytest.raises(InputError) as caught:
        walk(playbook.replace(f"{group}: {{x", "group/nice.kit.none: {x"), files=files)
    assert [one.code for one in caught.value.diagnostics] == ["unsupported-value"]
