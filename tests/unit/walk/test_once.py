"""``run_once`` where it says more than to run a task on one host."""

from __future__ import annotations


def test_an_include_expands_on_the_first_host_alone(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - {include_tasks: more.yml, run_once: true}
            - {include_tasks: more.yml, run_once: true, when: inventory_hostname == 'b'}
            - {name: after, ping: }
        """,
        files={"more.yml": "- {name: more, ping: }\n"},
    )
    tasks = [(host, task) for host, task, _ in walked.ended() if task in ("more", "after")]
    assert sorted(tasks) == [("a", "after"), ("a", "more"), ("b", "after")]


def test_meta_is_for_every_host(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - {meta: noop, run_once: true}
            - {meta: end_host, run_once: true, when: inventory_hostname == 'b'}
            - {name: after, ping: }
        """
    )
    assert walked.ended() == [("a", "after", "ok")]
