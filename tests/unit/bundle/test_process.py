from __future__ import annotations

import sys

import pytest

from kplay.bundle.process import run
from kplay.errors import CommandError


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_output_is_returned_and_errors_are_shown_as_they_come() -> None:
    said = []
    found = run(python("import sys; print('out'); print('err', file=sys.stderr)"), say=said.append)
    assert found == b"out\n"
    assert said == ["err"]


def test_a_failure_carries_argv_status_and_the_last_20_lines() -> None:
    code = "import sys; [print(n, file=sys.stderr) for n in range(30)]; sys.exit(3)"
    with pytest.raises(CommandError) as caught:
        run(python(code), say=lambda line: None)
    assert caught.value.argv[0] == sys.executable
    assert caught.value.status == 3
    assert str(caught.value).splitlines()[1:] == [str(number) for number in range(10, 30)]


def test_a_program_that_is_not_there_is_a_failure_and_no_traceback() -> None:
    with pytest.raises(CommandError, match="no-such-program") as caught:
        run(["no-such-program"], say=print)
    assert caught.value.status == 127
