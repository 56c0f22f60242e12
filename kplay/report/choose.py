"""Which report is used: live on a terminal, plain lines elsewhere, JSON lines when asked for."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from kplay.report.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.walk.events import Listener

FORMS = ("auto", "plain", "jsonl")


@contextmanager
def listener(
    stream: TextIO,
    *,
    form: str = "auto",
    verbosity: int = 0,
    diff: bool = False,
    planning: bool = False,
    resumable: bool = True,
) -> Iterator[Listener]:
    """The listener for a stream, to be used inside the block.

    Args:
        stream: where the report goes.
        form: one of FORMS.
        verbosity: how often -v was given.
        diff: whole diffs of changes.
        planning: only faults and progress; the plan is shown by ``plan_text``.
        resumable: say how to go on with a run that broke.
    """
    lines = Lines(verbosity=verbosity, diff=diff, planning=planning, resumable=resumable)
    if form == "jsonl":
        from kplay.report.jsonl import JsonLines

        yield JsonLines(stream)
    elif form == "plain" or not stream.isatty():
        from kplay.report.plain import Plain

        yield Plain(stream, lines)
    else:
        from kplay.report.console import Console

        with Console(stream, lines).running() as console:
            yield console
