from __future__ import annotations

import io

from kplay.report import choose
from kplay.report.console import Console
from kplay.report.jsonl import JsonLines
from kplay.report.plain import Plain


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_the_live_report() -> None:
    with choose.listener(Terminal()) as listener:
        assert isinstance(listener, Console)


def test_a_pipe_gets_plain_lines() -> None:
    with choose.listener(io.StringIO()) as listener:
        assert isinstance(listener, Plain)


def test_what_is_asked_for_wins() -> None:
    with choose.listener(Terminal(), form="jsonl") as listener:
        assert isinstance(listener, JsonLines)
