"""Events as JSON lines, for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO

from kplay.report.stream import Lasting
from kplay.walk.events import to_json

if TYPE_CHECKING:
    from kplay.walk.events import Event


class JsonLines:
    """A listener that writes one JSON object a line."""

    def __init__(self, stream: TextIO) -> None:
        """Write to a stream."""
        self._stream = Lasting(stream)

    def __call__(self, event: Event) -> None:
        """Write an event, at once."""
        self._stream.write(json.dumps(to_json(event), default=str) + "\n")
        self._stream.flush()
