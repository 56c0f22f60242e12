from __future__ import annotations

import pytest

from kplay.errors import InputError


def test_a_program_that_is_only_checked_is_skipped_in_a_run(walk):
    walked = walk("""
        - hosts: a
          gather_facts: false
          tasks:
            - {name: program, command: touch /x, check_mode: true}
            - {name: state, copy: {content: x, dest: /f}, check_mode: true}
    """)
    assert walked.ended() == [("a", "program", "skipped"), ("a", "state", "planned")]
    assert walked.result("program", "a")["rc"] == 0
    assert walked.fleet.hosts["a"].stat("/f") is None


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("module_defaults: {group/aws: {region: x}}", "unsupported-value"),
        ("serial: '{{ [1, 2] | first }}x'", "bad-value"),
        ("strategy: debug", "bad-value"),
    ],
)
def test_what_a_play_cannot_say(walk, line, code):
    with pytest.raises(InputError) as caught:
        walk(f"- {{hosts: a, gather_facts: false, tasks: [], {line}}}")
    assert [one.code for one in caught.value.diagnostics] == [code]
