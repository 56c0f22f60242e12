"""pause: the play waits, for a while or for somebody at the terminal."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import Any

from kplay.actions.api import Answer, Context, fault
from kplay.actions.values import truthy
from kplay.resolve.unknown import causes_in


def pause(context: Context) -> Answer:
    """Seconds, minutes or an answer; a plan waits for nothing."""
    args = context.args
    causes = causes_in(args)
    if causes:
        return Answer({"changed": False}, causes=causes)
    limit = _seconds(context, args)
    echo = truthy(args.get("echo", True))
    began = datetime.now()  # noqa: DTZ005 - Ansible gives local time
    result: dict[str, Any] = {"changed": False, "rc": 0, "stderr": "", "echo": echo}
    said, after = "", limit or 0.0
    if limit is None and not context.planning:
        said, warning = _asked(args.get("prompt"), echo=echo)
        if warning:
            result["warnings"] = [warning]
    ended = datetime.now() + timedelta(seconds=after)  # noqa: DTZ005
    delta = int((ended - began).total_seconds())
    paused = f"{float(delta)} seconds" if "seconds" in args else f"{round(delta / 60, 2)} minutes"
    result |= {
        "start": str(began),
        "stop": str(ended),
        "delta": delta,
        "stdout": f"Paused for {paused}",
        "user_input": said,
    }
    return Answer(result, after=after)


def _seconds(context: Context, args: dict[str, Any]) -> float | None:
    for name, factor in (("seconds", 1), ("minutes", 60)):
        if args.get(name) is None:
            continue
        try:
            return max(0.0, float(args[name]) * factor)
        except (TypeError, ValueError) as error:
            message = f"`{name}` is {args[name]!r}, not a number"
            raise fault(context, "bad-value", message, name) from error
    return None


def _asked(prompt: object, *, echo: bool) -> tuple[str, str]:
    """What somebody answers at the terminal, or a warning that nobody is there."""
    if not sys.stdin.isatty():
        return "", "Not waiting for response to prompt as stdin is not interactive"
    text = str(prompt or "Press enter to continue, Ctrl+C to interrupt") + ":\n"
    if echo:
        return input(text), ""
    from getpass import getpass

    return getpass(text), ""
