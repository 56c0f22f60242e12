"""Reads ``vars_prompt``: what a play asks of whoever runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.diagnostics import suggest
from kplay.playbook.model import Prompt
from kplay.playbook.values import FALSE, TRUE, shown

if TYPE_CHECKING:
    from kplay.diagnostics import Faults
    from kplay.source import Sourced

_KEYS = ("name", "prompt", "default", "private", "confirm", "encrypt", "salt", "salt_size",
         "unsafe")  # fmt: skip
ENCRYPTIONS = ("md5_crypt", "sha256_crypt", "sha512_crypt", "bcrypt")


def read(value: Sourced | None, faults: Faults) -> list[Prompt]:
    """The prompts of a play; what is wrong with them is noted."""
    if value is None or value.value is None:
        return []
    if not isinstance(value.value, (list, dict)):
        faults.add("bad-value", f"`vars_prompt` wants a list, not {shown(value.value)}", value.span)
        return []
    entries = list(value.elements()) if isinstance(value.value, list) else [value]
    found = [_prompt(entry, faults) for entry in entries]
    return [one for one in found if one is not None]


def _prompt(entry: Sourced, faults: Faults) -> Prompt | None:
    if not isinstance(entry.value, dict):
        faults.add("bad-value", f"a prompt is a mapping, not {shown(entry.value)}", entry.span)
        return None
    for key, part in entry.items():
        if key not in _KEYS:
            message = f"a prompt has no key `{key}`"
            hint = suggest(str(key), _KEYS) or (f"it takes {', '.join(_KEYS)}",)
            faults.add("unknown-keyword", message, part.key_span, help=hint)
    name = entry.get("name")
    if name is None or not str(name.value or "").isidentifier():
        place = entry.span if name is None else name.span
        faults.add("bad-value", "a prompt needs a `name` that a variable can have", place)
        return None
    return Prompt(
        str(name.value),
        name.span,
        entry.get("prompt"),
        entry.get("default"),
        private=_boolean(entry, "private", faults, default=True),
        confirm=_boolean(entry, "confirm", faults),
        unsafe=_boolean(entry, "unsafe", faults),
        encrypt=_encryption(entry, faults),
        salt=str(entry.value.get("salt") or ""),
        salt_size=_number(entry, "salt_size", faults),
    )


def _boolean(entry: Sourced, key: str, faults: Faults, *, default: bool = False) -> bool:
    given = entry.get(key)
    if given is None or given.value is None:
        return default
    word = str(given.value).lower()
    if word not in TRUE | FALSE:
        faults.add("bad-value", f"`{key}` wants a boolean, not {shown(given.value)}", given.span)
    return word in TRUE


def _number(entry: Sourced, key: str, faults: Faults) -> int:
    given = entry.get(key)
    if given is None or given.value is None:
        return 0
    if not str(given.value).isdigit():
        message = f"`{key}` wants a whole number, not {shown(given.value)}"
        faults.add("bad-value", message, given.span)
        return 0
    return int(given.value)


def _encryption(entry: Sourced, faults: Faults) -> str:
    given = entry.get("encrypt")
    if given is None or not given.value:
        return ""
    name = str(given.value)
    if name not in ENCRYPTIONS:
        hint = suggest(name, ENCRYPTIONS) or (f"one of {', '.join(ENCRYPTIONS)}",)
        faults.add("bad-value", f"no way to encrypt named `{name}`", given.span, help=hint)
    return name
