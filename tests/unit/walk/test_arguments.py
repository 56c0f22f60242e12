"""What of a task's arguments goes to a host."""

from __future__ import annotations

from kplay.testing import FakeHost


def test_lists_left_out_do_not_contradict_each_other_on_the_host(walk):
    walked = walk(
        """
        - hosts: a
          gather_facts: false
          tasks:
            - {name: unpack, unarchive: {src: /none.tgz, dest: /opt, remote_src: true}}
    """,
        fake={"a": FakeHost(files={"/opt/one": ""})},
    )
    assert walked.result("unpack", "a")["msg"].startswith("Source '/none.tgz' does not exist")
