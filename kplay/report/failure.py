"""A step that failed, as text: the task's line, then what the host said."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic, render
from kplay.errors import InputError
from kplay.report import printable
from kplay.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from kplay.errors import KplayError
    from kplay.walk.events import Place, StepEnded

TAIL = 20
# The text of EMFILE: a kubelet's, K3s' or systemd's where the kernel gives it no inotify instance.
_EMFILE = "too many open files"


def text(event: StepEnded, journal: str = "") -> str:
    """The diagnostic of a failed step, of several lines."""
    place, result = event.place, event.result
    hidden = "censored" in result
    shown = [_pointed(place, one) for one in result.get("diagnostics") or ()] or [
        Diagnostic(
            "unreachable" if event.status == "unreachable" else "step-failed",
            f"{title(place)}: {_message(result)}",
            span(place),
            notes=tuple(str(result.get("msg") or "").strip().splitlines()[1:]),
            help=tuple(_help(result)),
            secret=hidden,
        )
    ]
    facts = [f" = host: {where(place)}"]
    argv = _argv(result)
    if argv:
        facts.append(f" = argv: {argv}")
    if result.get("rc") is not None:
        facts.append(f" = rc: {result['rc']}")
    facts += _tail("stderr", result) or _tail("stdout", result)
    if result.get("unit_state"):
        facts.append(f" = unit: {printable.line(str(result['unit_state']))}")
    unit_log = "\n".join(map(printable.line, str(result.get("journal") or "").splitlines()))
    facts += _tail("log of the unit", {"log of the unit": unit_log})
    if journal:
        facts.append(f" = journal: {journal}")
    return "\n".join([*map(render, shown), *facts])


def of_error(error: KplayError) -> str:
    """The diagnostics of an error, or its kind and its message."""
    if isinstance(error, InputError):
        return "\n\n".join(render(one) for one in error.diagnostics)
    return f"error[{error.exit_code.name.lower().replace('_', '-')}]: {error}"


def _help(result: dict[str, Any]) -> Iterator[str]:
    if result.get("hint"):
        yield str(result["hint"])
    said = (str(result.get(key) or "") for key in ("msg", "stdout", "stderr", "journal"))
    if "censored" not in result and any(_EMFILE in text.lower() for text in said):
        yield (
            "programs say so, too, where root has no inotify instance left: compare sysctl"
            " fs.inotify.max_user_instances, which containers share with their machine"
            " (docs/lab-nspawn.md#inotify)"
        )


def _pointed(place: Place, given: dict[str, Any]) -> Diagnostic:
    """A fault that knows its own line: of an argument, or of a template's file."""
    pointed = Span(**given["span"]) if given["span"] else span(place)
    return Diagnostic(
        given["code"],
        f"{title(place)}: {given['message']}",
        pointed,
        help=tuple(given["help"]),
        notes=tuple(given["notes"]),
        secret=bool(given["secret"]),
    )


def title(place: Place) -> str:
    """The task, whose name begins with its role, and the loop item."""
    item = f" ({place.item})" if place.item else ""
    return f"{place.task}{item}"


def where(place: Place) -> str:
    """The host, and the one it was delegated to."""
    return f"{place.host} -> {place.delegate}" if place.delegate else place.host


def _message(result: dict[str, Any]) -> str:
    if "censored" in result:
        return str(result["censored"])
    said = str(result.get("msg") or "").strip()
    if said:
        return said.splitlines()[0]
    if result.get("failed_when_result") is True:
        return "`failed_when` is true"
    if result.get("rc") is not None:
        return f"ended with status {result['rc']}"
    return "failed"


def _argv(result: dict[str, Any]) -> str:
    given = result.get("cmd")
    if isinstance(given, list):
        return shlex.join(str(word) for word in given)
    return str(given).strip() if given else ""


def _tail(stream: str, result: dict[str, Any]) -> list[str]:
    lines = str(result.get(stream) or "").rstrip().splitlines()
    if not lines:
        return []
    left = len(lines) - TAIL
    note = f" (the last {TAIL} of {len(lines)} lines)" if left > 0 else ""
    return [f" = {stream}{note}:", *(f"     {line}" for line in lines[-TAIL:])]


def span(place: Place) -> Span | None:
    """The line that a step is written on."""
    if not place.file:
        return None
    written = _line(place)
    start = len(written) - len(written.lstrip(" -"))
    return Span(place.file, place.line, start + 1, place.line, len(written) + 1)


def _line(place: Place) -> str:
    try:
        lines = Path(place.file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return lines[place.line - 1] if 0 < place.line <= len(lines) else ""
