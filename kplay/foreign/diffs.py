"""The differences that Ansible's modules return, as the rows of kplay's own."""

from __future__ import annotations

import json
from typing import Any


def rows(diff: Any) -> list[dict[str, str]]:
    """Rows of texts before and after, from a ``diff`` of a result: one mapping or a list of them.

    https://docs.ansible.com/ansible/latest/reference_appendices/common_return_values.html#diff
    """
    made = []
    for part in diff if isinstance(diff, list) else [diff]:
        if not isinstance(part, dict):
            continue
        if "prepared" in part:
            made.append({"label": "", "before": "", "after": _text(part["prepared"])})
        elif part.get("before") != part.get("after"):
            place = str(part.get("after_header") or part.get("before_header") or "")
            # Ansible's own headers end with a word of where they come from: "/etc/x (content)"
            place = place.removesuffix(" (content)")
            kind = "path" if place.startswith("/") and " " not in place else "label"
            before, after = _text(part.get("before")), _text(part.get("after"))
            made.append({kind: place, "before": before, "after": after})
    return made


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = (
        value
        if isinstance(value, str)
        else json.dumps(value, indent=2, sort_keys=True, default=str)
    )
    return text if text.endswith("\n") or not text else f"{text}\n"
