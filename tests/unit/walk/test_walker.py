"""Hosts walk the graph: order, chains, conditions, loops, blocks, failures."""

from __future__ import annotations

import pytest


def test_two_hosts_run_every_task(walk):
    walked = walk("""
        - hosts: all
          gather_facts: false
          tasks:
            - name: make a file
              copy: {dest: /etc/one, content: hello}
            - name: look
              stat: {path: /etc/one}
              register: found
            - name: say
              debug: {msg: "{{ found.stat.exists }}"}
    """)
    assert walked.ended("a") == [
        ("a", "make a file", "changed"),
        ("a", "look", "ok"),
        ("a", "say", "ok"),
    ]
    assert walked.result("say", "b")["msg"] is True
    assert walked.lost() == {}


def test_known_steps_travel_in_one_chain(walk):
    walked = walk("""
        - hosts: all
          gather_facts: false
          tasks:
            - copy: {dest: /etc/one, content: hello}
            - copy: {dest: /etc/two, content: hello}
            - copy: {dest: /etc/three, content: hello}
    """)
    assert [len(ids) for _, ids in walked.fleet.chains] == [3, 3]


def test_a_chain_breaks_where_a_result_is_needed(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - stat: {path: /etc/one}
              register: found
            - copy: {dest: /etc/one, content: hello}
              when: not found.stat.exists
    """,
        hosts="a,",
    )
    assert [len(ids) for _, ids in walked.fleet.chains] == [1, 1]


def test_a_failure_drops_what_was_sent_ahead(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - name: impossible
              slurp: {src: /nowhere}
            - name: never
              copy: {dest: /etc/one, content: hello}
    """,
        hosts="a,",
    )
    assert walked.ended() == [("a", "impossible", "failed")]
    assert walked.lost() == {"a": "failed"}


def test_rescue_and_always(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - block:
                - {name: bad, slurp: {src: /nowhere}}
                - {name: not reached, copy: {dest: /a, content: x}}
              rescue:
                - {name: rescue, copy: {dest: /b, content: "{{ ansible_failed_task.name }}"}}
              always:
                - {name: always, copy: {dest: /c, content: x}}
            - {name: after, copy: {dest: /d, content: x}}
    """,
        hosts="a,",
    )
    assert [(task, status) for _, task, status in walked.ended()] == [
        ("bad", "rescued"),
        ("rescue", "changed"),
        ("always", "changed"),
        ("after", "changed"),
    ]
    assert walked.lost() == {}


def test_always_runs_when_nothing_rescues(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - block:
                - {name: bad, slurp: {src: /nowhere}}
              always:
                - {name: always, copy: {dest: /c, content: x}}
            - {name: after, copy: {dest: /d, content: x}}
    """,
        hosts="a,",
    )
    assert [task for _, task, _ in walked.ended()] == ["bad", "always"]
    assert walked.lost() == {"a": "failed"}


def test_loops_register_each_item(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - name: many
              copy: {dest: "/etc/{{ item }}", content: "{{ item }}"}
              loop: [x, y, z]
              when: item != 'y'
              register: many
            - name: say
              debug: {msg: "{{ many.results | map(attribute='changed') | list }}"}
    """,
        hosts="a,",
    )
    assert walked.result("say", "a")["msg"] == [True, False, True]
    assert walked.fleet.chains[0][1] == ["0.0@a#0.0", "0.0@a#2.0"]


def test_set_fact_and_hostvars(walk):
    walked = walk("""
        - hosts: all
          gather_facts: false
          tasks:
            - set_fact: {mine: "{{ inventory_hostname }}!"}
            - name: say
              debug: {msg: "{{ hostvars['a'].mine }} {{ hostvars['b'].mine }}"}
    """)
    assert walked.result("say", "b")["msg"] == "a! b!"


def test_run_once_gives_its_result_to_all(walk):
    walked = walk("""
        - hosts: all
          gather_facts: false
          tasks:
            - {name: once, stat: {path: /x}, register: seen, run_once: true}
            - {name: say, debug: {msg: "{{ seen.stat.exists }}"}}
    """)
    assert walked.ended() == [("a", "once", "ok"), ("a", "say", "ok"), ("b", "say", "ok")]


def test_delegation_acts_on_the_other_host(walk):
    walked = walk("""
        - hosts: b
          gather_facts: false
          tasks:
            - {copy: {dest: /made-by-b, content: x}, delegate_to: a}
    """)
    assert [host for host, _ in walked.fleet.chains] == ["a"]
    assert "/made-by-b" in str(walked.fleet.hosts["a"].state())


def test_each_turn_of_a_loop_acts_on_the_host_that_it_delegates_to(walk):
    walked = walk("""
        - hosts: b
          gather_facts: false
          tasks:
            - name: each
              copy: {dest: "/for-{{ item }}", content: x}
              loop: [a, b, a]
              delegate_to: "{{ item }}"
              register: made
            - {name: say, debug: {msg: "{{ made.results | map(attribute='item') | join }}"}}
    """)
    assert [host for host, _ in walked.fleet.chains] == ["a", "b", "a"]
    assert "/for-a" in str(walked.fleet.hosts["a"].state())
    assert "/for-b" not in str(walked.fleet.hosts["a"].state())
    assert "/for-b" in str(walked.fleet.hosts["b"].state())
    assert [status for _, _, status in walked.ended()] == ["changed", "changed", "ok", "ok"]


def test_an_unreachable_host_leaves_the_others_to_go_on(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - {name: one, copy: {dest: /one, content: x}}
            - {name: two, command: "true"}
    """,
        unreachable=("a",),
        fake={"b": _with_true()},
    )
    assert walked.lost() == {"a": "unreachable"}
    assert [task for host, task, _ in walked.ended("b")] == ["one", "two"]


def test_a_cluster_task_is_a_barrier(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - {name: one, copy: {dest: /one, content: x}}
            - {name: two, command: "true"}
            - {name: three, copy: {dest: /three, content: x}}
    """,
        fake={"a": _with_true(), "b": _with_true()},
    )
    tasks = [task for _, task, _ in walked.ended()]
    assert tasks == ["one", "one", "two", "two", "three", "three"]


def test_needs_orders_plays_and_blocks_on_failure(walk):
    walked = walk("""
        - name: first
          hosts: a
          gather_facts: false
          tasks:
            - {name: bad, slurp: {src: /nowhere}}
        - name: second
          hosts: b
          gather_facts: false
          needs: []
          tasks:
            - {name: free, copy: {dest: /x, content: x}}
            - {name: held, copy: {dest: /y, content: x}, needs: bad}
    """)
    assert ("b", "free", "changed") in walked.ended()
    assert walked.lost() == {"a": "failed", "b": "blocked"}


def test_include_tasks_with_a_loop(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - include_tasks: "{{ item }}.yml"
              loop: [one, two]
            - {name: after, copy: {dest: /after, content: x}}
    """,
        hosts="a,",
        files={
            "one.yml": "- {name: in one, copy: {dest: /one, content: '{{ item }}'}}\n",
            "two.yml": "- {name: in two, copy: {dest: /two, content: '{{ item }}'}}\n",
        },
    )
    assert [task for _, task, _ in walked.ended()] == ["in one", "in two", "after"]


def test_ignored_failures_go_on(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - {name: bad, slurp: {src: /nowhere}, ignore_errors: true, register: bad}
            - {name: say, debug: {msg: "{{ bad is failed }}"}}
    """,
        hosts="a,",
    )
    assert walked.ended() == [("a", "bad", "ignored"), ("a", "say", "ok")]
    assert walked.result("say", "a")["msg"] is True


def test_an_undefined_variable_fails_the_host_with_its_place(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - name: say
              debug: {msg: "{{ nothing_like_it }}"}
    """,
        hosts="a,",
    )
    result = walked.result("say", "a")
    assert result["diagnostics"][0]["code"] == "undefined-variable"
    assert result["diagnostics"][0]["span"]["line"] == 6


def test_a_plan_foresees_and_marks_what_depends_on_a_run(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - {name: make, copy: {dest: /one, content: x}}
            - {name: run, command: "date", register: now}
            - {name: after, copy: {dest: /two, content: "{{ now.stdout }}"}}
            - {name: maybe, copy: {dest: /three, content: x}, when: now.stdout == 'x'}
    """,
        hosts="a,",
        planning=True,
    )
    ended = [
        (one.place.task, one.status, one.action)
        for one in walked.events
        if type(one).__name__ == "StepEnded"
    ]
    assert ended == [
        ("make", "planned", "create"),
        ("run", "planned", "run"),
        ("after", "planned", "create"),
        ("maybe", "planned", "unknown"),
    ]


def test_serial_runs_batch_after_batch(walk):
    walked = walk("""
        - hosts: all
          gather_facts: false
          serial: 1
          tasks:
            - {name: one, copy: {dest: /one, content: x}}
            - {name: two, copy: {dest: /two, content: x}}
    """)
    assert [(host, task) for host, task, _ in walked.ended()] == [
        ("a", "one"),
        ("a", "two"),
        ("b", "one"),
        ("b", "two"),
    ]


def _with_true():
    from kplay.testing.host import FakeHost

    host = FakeHost()
    host.when(["true"])
    return host


def test_a_role_that_ran_under_a_condition_is_not_run_twice(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          roles:
            - {role: web, when: true}
            - {role: web, when: true}
    """,
        hosts="a,",
        files={
            "roles/web/tasks/main.yml": "- {name: conf, copy: {dest: /c, content: x}}\n",
        },
    )
    assert [task for _, task, _ in walked.ended()] == ["web : conf"]


@pytest.mark.parametrize(
    ("vouched", "author", "message"),
    [
        ("check_mode: false", False, "it was run"),
        ("changed_when: false", True, "it was run"),
        ("changed_when: false", False, "(known after: `probe` on a)"),
    ],
)
def test_a_plan_runs_only_what_its_author_vouches_for(walk, vouched, author, message):
    from kplay.testing.host import FakeHost

    host = FakeHost()
    host.when(["probe"], stdout="it was run")
    playbook = f"""
        - hosts: all
          gather_facts: false
          tasks:
            - {{name: probe, command: probe, {vouched}, register: seen}}
            - {{name: say, debug: {{msg: "{{{{ seen.stdout }}}}"}}}}
    """
    walked = walk(playbook, hosts="a,", planning=True, fake={"a": host}, probes_author=author)
    assert walked.result("say", "a")["msg"] == message
    assert len(host.runs) == (message == "it was run")
