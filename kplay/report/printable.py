"""Text of playbooks and hosts as a terminal may be given it: what is hidden in it is shown."""

from __future__ import annotations

import re

_TURNS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Change the direction of writing, so that a line reads otherwise than it is."""
_HIDDEN = re.compile(f"[\\x00-\\x08\\x0a-\\x1f\\x7f-\\x9f{_TURNS}]")
_BREAK = re.compile(r"\s*[\n\r]\s*")


def line(text: str) -> str:
    """One line, with characters that a terminal acts on spelled as escapes.

    A name could otherwise erase what stands above it, and a diff show what it is not.
    """
    return _HIDDEN.sub(lambda one: _escape(one[0]), _BREAK.sub(" ", text.strip("\r\n")))


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
