"""A stream whose reader may leave while a run goes on."""

from __future__ import annotations

import os
from typing import TextIO


class Lasting:
    """Writes to a stream until that fails, then to nowhere: a report never ends a run."""

    def __init__(self, stream: TextIO) -> None:
        """Wrap a stream."""
        self._stream = stream

    def write(self, text: str) -> None:
        """Write a text, if anybody still reads."""
        try:
            self._stream.write(text)
        except OSError:
            self._leave()

    def flush(self) -> None:
        """Send what was written on its way."""
        try:
            self._stream.flush()
        except OSError:
            self._leave()

    def _leave(self) -> None:
        # What is left in the stream's buffer is written again when Python ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
