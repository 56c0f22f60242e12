"""The texts of a change, for the reader's diff."""

import json
from typing import Any, Dict, List, Tuple

from kplay.modules.api import ABSENT, OPEN, UNKNOWN, Args, Change, State

MAX_TEXT = 512 * 1024
"""Bytes of one side; of a longer one only its size is said."""

_PATHS = ("path", "dest", "name", "src")


def differences(args: Args, found: State, wanted: State, change: Change) -> List[Dict[str, Any]]:
    """Content as a text of its own, each of several contents too, other fields as one line each."""
    place = next((str(args[name]) for name in _PATHS if isinstance(args.get(name), str)), "")
    texts: List[Dict[str, Any]] = []
    if "content" in change.after:
        gone = found.get("state") == ABSENT
        before = "" if gone else _text(found.get("content"))
        texts.append({"path": place, "before": before, "after": _text(wanted["content"])})
    if "contents" in change.after:
        old, new = found.get("contents") or {}, wanted["contents"]
        for name in sorted({**old, **new}, key=_values_first):
            if old.get(name) != new.get(name):
                sides = {"before": _text(old.get(name)), "after": _text(new.get(name))}
                texts.append(dict(sides, path=name))
    rest = [key for key in sorted(change.after) if key not in ("content", "contents")]
    if rest:
        texts.append(
            {
                "label": place,
                "before": _lines(change.before, rest),
                "after": _lines(change.after, rest),
            }
        )
    return texts


def _values_first(name: str) -> Tuple[bool, str]:
    return name != "values", name


def _lines(state: State, keys: List[str]) -> str:
    known = [key for key in keys if state.get(key) is not None]
    return "".join("%s: %s\n" % (key, _value(state[key])) for key in known)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value
    return OPEN if value == UNKNOWN else json.dumps(_told(value), sort_keys=True, default=str)


def _told(value: Any) -> Any:
    """The value with a word in the place of what only the run can tell."""
    if value == UNKNOWN:
        return OPEN
    if isinstance(value, dict):
        return {key: _told(part) for key, part in value.items()}
    return [_told(part) for part in value] if isinstance(value, (list, tuple)) else value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict) and "$blob" in value:
        return "(%s bytes, sha256 %s)\n" % (value.get("size"), value["$blob"])
    text = _value(value) + ("\n" if value == UNKNOWN else "")
    if len(text) > MAX_TEXT or "\0" in text:
        return "(%d bytes that are not shown)\n" % len(text)
    return text
