"""Asks the user: at the terminal, else a line of standard input."""

from __future__ import annotations

import sys

from kplay.errors import UsageError


def at_terminal() -> bool:
    """Whether somebody sits there to answer."""
    return sys.stdin.isatty()


def hidden(prompt: str) -> str:
    """A password: from the terminal without echo, else a line of standard input.

    Raises:
        UsageError: standard input has no more lines.
    """
    if at_terminal():
        from getpass import getpass

        return getpass(prompt)
    return _line("a password was asked for, and standard input is empty")


def shown(prompt: str) -> str:
    """An answer that is no secret, with the prompt on standard error."""
    print(prompt, end="", file=sys.stderr, flush=True)  # noqa: T201 - a question to the user
    return _line("an answer was asked for, and standard input is empty")


def _line(missing: str) -> str:
    # Bytes, so that what follows the line is still there for whoever reads data
    stream = getattr(sys.stdin, "buffer", None)
    line = sys.stdin.readline() if stream is None else stream.readline().decode("utf-8", "replace")
    if not line:
        raise UsageError(missing)
    return str(line).rstrip("\r\n")
