from __future__ import annotations

from kplay.transport.base import Completed, Settings
from kplay.transport.connect import connect
from kplay.transport.target import Target


def test_a_shell_text_runs_to_its_end() -> None:
    connection = connect(Target("localhost", connection="local"), Settings())
    assert connection.run("cat; echo e >&2; exit 4", b"in") == Completed(4, "in", "e\n")


def test_a_shell_text_ends_at_its_timeout() -> None:
    connection = connect(Target("localhost", connection="local"), Settings())
    assert connection.run("echo a; sleep 20", timeout=0.5) == Completed(-15, "a\n", "")


def test_a_program_with_pipes() -> None:
    stream = connect(Target("localhost", connection="local"), Settings()).start("cat; echo e >&2")
    stream.write(b"hello")
    stream.end()
    assert stream.read(100) == b"hello"
    assert stream.read(100) == b""
    assert stream.wait(5) == 0
    assert stream.errors() == "e\n"
    stream.close()
