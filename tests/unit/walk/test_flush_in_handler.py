"""A handler that flushes handlers fails when it is notified."""

from __future__ import annotations


def test_a_notified_flush_fails_with_its_place(walk):
    walked = walk("""
        - hosts: a
          gather_facts: false
          tasks:
            - {name: change, debug: {msg: one}, changed_when: true, notify: flush}
          handlers:
            - {name: flush, meta: flush_handlers}
    """)
    assert walked.lost() == {"a": "failed"}
    assert "cannot flush handlers" in walked.result("flush", "a")["msg"]
