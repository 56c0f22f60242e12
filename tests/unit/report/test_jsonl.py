from __future__ import annotations

import io
import json

from kplay.report.jsonl import JsonLines
from kplay.walk.events import Warned


def test_a_line_an_event() -> None:
    stream = io.StringIO()
    JsonLines(stream)(Warned(1.0, "a\nb"))
    assert json.loads(stream.getvalue()) == {"event": "Warned", "time": 1.0, "message": "a\nb"}
    assert stream.getvalue().count("\n") == 1
