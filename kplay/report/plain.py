"""Lines for pipes and CI: the same events give the same text, without colours or times."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from kplay.report.lines import Lines
from kplay.report.stream import Lasting

if TYPE_CHECKING:
    from kplay.walk.events import Event


class Plain:
    """A listener that writes each line as it comes."""

    def __init__(self, stream: TextIO, lines: Lines | None = None) -> None:
        """Write to a stream what ``lines`` makes of events."""
        self._stream = Lasting(stream)
        self._lines = lines or Lines()

    def __call__(self, event: Event) -> None:
        """Write the lines of an event, at once."""
        for _, text in self._lines.of(event):
            self._stream.write(text + "\n")
        self._stream.flush()
