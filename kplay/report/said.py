"""What a step says to its reader: the value that debug shows, the fault that was let pass."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kplay.walk.events import StepEnded

_INDENT = " " * 10
_WIDTH = 100
_ABOUT = frozenset({"changed", "failed", "skipped", "attempts", "ansible_loop_var"})


def said(event: StepEnded) -> list[str]:
    """The lines below a step's own, shown at every verbosity; most steps have none."""
    result = event.result
    if event.loop or "censored" in result:
        return []
    if event.status in ("ignored", "rescued"):
        return [f"{_INDENT}{line}" for line in str(result.get("msg") or "").splitlines()[:1]]
    if event.place.module != "debug" or event.status not in ("ok", "changed"):
        return []
    if "msg" in result:
        text = _text(result["msg"])
    else:
        shown = {key: value for key, value in result.items() if key not in _ABOUT}
        if len(shown) > 1:
            shown.pop(str(result.get("ansible_loop_var")), None)
        text = "\n".join(f"{key}: {_text(value)}" for key, value in shown.items())
    return [f"{_INDENT}{line}" for line in text.splitlines()]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    text = json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > _WIDTH:
        text = json.dumps(value, ensure_ascii=False, default=str, indent=2)
    return text
