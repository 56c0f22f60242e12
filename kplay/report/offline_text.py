"""A plan from files alone, for readers and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.graph.view import shortened
from kplay.plan.model import SYMBOLS
from kplay.report import printable

if TYPE_CHECKING:
    from kplay.plan.offline.outlook import Forecast, Prospect

FORMAT = 1
_NAMED = 4
"""More hosts than this are counted, not named."""


def of(found: Forecast) -> str:
    """One line a step, with why it is a perhaps; then the summary."""
    lines: list[str] = []
    play = None
    for one in found.prospects:
        if one.play != play:
            play = one.play
            lines += ([""] if lines else []) + [printable.line(f"play: {play}")]
        lines += _entry(one)
    lines += [""] if lines else []
    lines += [f"note: {note}" for note in found.notes]
    return "\n".join([*lines, summary(found)])


def summary(found: Forecast) -> str:
    """How many steps there are, and what became of them."""
    shown = {"run": 0, "unknown": 0, "may": 0, "fails": 0}
    for one in found.prospects:
        kind = "fails" if one.look.fault else one.action if one.look.turns else "may"
        shown[kind] += len(one.hosts) * max(1, one.look.turns + one.look.may)
    words = [
        (shown["unknown"], "to be looked at on the hosts"),
        (shown["run"], "to run"),
        (shown["may"], "that may run"),
        (shown["fails"], "to fail"),
        (found.reads, "that only read"),
        (found.skipped, "skipped"),
    ]
    told = ", ".join(f"{number} {word}" for number, word in words if number)
    hosts = f"{len(found.hosts)} host{'' if len(found.hosts) == 1 else 's'}"
    return f"offline plan: {found.steps} steps on {hosts}: {told or 'nothing to do'}"


def to_json(found: Forecast) -> dict[str, Any]:
    """JSON-ready data; equal lists of hosts stand once, in ``hosts_of``, and are named by index."""
    lists: dict[tuple[str, ...], int] = {}
    steps = []
    for one in found.prospects:
        index = lists.setdefault(tuple(one.hosts), len(lists))
        steps.append(
            {
                "play": one.play,
                "role": one.role,
                "task": one.task,
                "module": one.module,
                "file": one.file,
                "line": one.line,
                "action": one.action,
                "conditional": not one.look.turns,
                "turns": one.look.turns + one.look.may,
                "causes": list(one.look.causes),
                "fault": one.look.fault,
                "handler": one.handler,
                "hosts": index,
            }
        )
    return {
        "format": FORMAT,
        "offline": True,
        "steps": steps,
        "hosts_of": [list(hosts) for hosts in lists],
        "notes": found.notes,
        "summary": summary(found),
    }


def _entry(one: Prospect) -> list[str]:
    look = one.look
    symbol = "x" if look.fault else "?" if not look.turns else SYMBOLS[one.action]
    may = " (may run)" if not look.turns and not look.fault else ""
    turns = look.turns + look.may
    times = f" x {turns}" if turns > 1 else ""
    hosts = shortened(one.hosts, _NAMED)
    head = f"  {symbol} {one.task}{may}{times}  [{hosts}]  {one.file}:{one.line}"
    why = [f"      because {cause}" for cause in look.causes]
    return list(map(printable.line, [head, *why, *([f"      {look.fault}"] if look.fault else [])]))
