from __future__ import annotations

import pytest

from kplay.errors import InputError
from kplay.walk.ways import ground, key_of, read_key


def agents(walked) -> list[str]:
    return [agent for agent, _ in walked.fleet.chains]


def test_a_key_is_read_as_it_was_made():
    given = {"ansible_user": "bob", "ansible_port": "2222"}
    assert read_key(key_of("h (1)", given)) == ("h (1)", given)
    assert key_of("h", {}) == "h"
    assert read_key("h (1)") == ("h (1)", {})
    assert ground(key_of("h", {"ansible_connection": "local"})) == "localhost"
    assert ground(key_of("h", given)) == "h"


def test_a_task_goes_its_own_way(walk):
    walked = walk("""
        - hosts: a
          gather_facts: false
          tasks:
            - ping:
            - block: [{ping: }, {ping: , connection: ssh}]
              connection: local
            - {ping: , remote_user: "{{ 'bo' ~ 'b' }}", port: 2222}
            - {ping: , vars: {ansible_user: eve}}
            - {ping: , vars: {ansible_user: eve}, remote_user: bob}
    """)
    assert agents(walked) == [
        "a",
        "a (ansible_connection=local)",
        "a (ansible_connection=ssh)",
        "a (ansible_user=bob; ansible_port=2222)",
        "a (ansible_user=eve)",
    ]
    assert {status for _, _, status in walked.ended()} == {"ok"}


def test_the_inventory_wins_and_what_all_plays_say_is_no_other_way(walk, tmp_path):
    (tmp_path / "hosts").write_text("a ansible_user=ann\nb\n")
    walked = walk(
        """
        - {hosts: all, gather_facts: false, remote_user: bob, tasks: [{ping: }]}
        - hosts: a
          gather_facts: false
          remote_user: bob
          tasks: [{ping: , delegate_to: b}, {ping: , remote_user: eve, delegate_to: localhost}]
        """,
        hosts=str(tmp_path / "hosts"),
    )
    assert set(agents(walked)) == {"a", "b", "localhost"}


def test_plays_may_reach_a_host_in_two_ways(walk):
    walked = walk("""
        - {hosts: all, gather_facts: false, connection: local, tasks: [{ping: }]}
        - {hosts: b, gather_facts: false, tasks: [{ping: }]}
    """)
    assert agents(walked) == ["a", "b (ansible_connection=local)", "b"]


def test_the_program_of_become_is_sent_along(walk):
    walked = walk("""
        - hosts: a
          gather_facts: false
          tasks: [{ping: , become: true, become_exe: /opt/sudo}]
    """)
    assert walked.ended("a") == [("a", "ping", "ok")]


@pytest.mark.parametrize("where", ["throttle: {}", "throttle: some"])
def test_a_throttle_is_a_whole_number(walk, where):
    with pytest.raises(InputError):
        walk(f"- {{hosts: a, gather_facts: false, tasks: [{{ping: , {where}}}]}}")
