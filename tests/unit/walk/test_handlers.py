"""Handlers: notified, flushed, and those that an included role brings."""

from __future__ import annotations


def test_handlers_run_once_when_notified(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - {name: one, copy: {dest: /one, content: x}, notify: reload}
            - {name: two, copy: {dest: /two, content: x}, notify: [reload]}
            - {name: same, copy: {dest: /two, content: x}, notify: never}
          handlers:
            - {name: reload, copy: {dest: /reloaded, content: x}}
            - {name: never, copy: {dest: /never, content: x}}
    """,
        hosts="a,",
    )
    assert [task for _, task, _ in walked.ended()] == ["one", "two", "same", "reload"]


def test_flush_handlers_in_the_middle(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - {name: one, copy: {dest: /one, content: x}, notify: reload}
            - meta: flush_handlers
            - {name: two, copy: {dest: /two, content: x}}
          handlers:
            - {name: reload, copy: {dest: /reloaded, content: x}}
    """,
        hosts="a,",
    )
    assert [task for _, task, _ in walked.ended()] == ["one", "reload", "two"]


def test_handlers_of_an_included_role_are_heard(walk):
    walked = walk(
        """
        - hosts: all
          gather_facts: false
          tasks:
            - include_role: {name: web}
            - {name: after, copy: {dest: /after, content: x}}
    """,
        hosts="a,",
        files={
            "roles/web/tasks/main.yml": (
                "- {name: conf, copy: {dest: /c, content: x}, notify: again}\n"
            ),
            "roles/web/handlers/main.yml": "- {name: again, copy: {dest: /again, content: x}}\n",
        },
    )
    assert [task for _, task, _ in walked.ended()] == ["web : conf", "after", "web : again"]
