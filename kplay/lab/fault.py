"""The faults that can be rehearsed on lab hosts, and how they are written."""

from __future__ import annotations

import re
from typing import NamedTuple

from kplay.diagnostics import suggest
from kplay.errors import UsageError

KINDS = {
    "reboot": "pull its plug, give it power again, and wait until it answers",
    "cut": "take its network cable out",
    "slow": "let every round trip to it take longer: `slow 50ms`",
    "full-disk": "let its disk have no free space; what is there can be read",
    "clock": "set its clock forward or back: `clock +1h`, `clock -90s`",
}
"""Every kind of fault, with a line that says what it does."""

_DELAY = re.compile(r"(\d+)(ms|s)?")
_SHIFT = re.compile(r"([+-])(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST_DELAY = 60_000


class Fault(NamedTuple):
    """One fault.

    ``amount`` is what a round trip takes longer in milliseconds for ``slow``, signed seconds for
    ``clock``, else 0.
    """

    kind: str
    amount: int = 0


def parse(kind: str, amount: str = "") -> Fault:
    """What a user writes as ``slow 50ms`` or ``clock +1h``.

    Raises:
        UsageError: there is no such fault, or its amount is not one.
    """
    if kind not in KINDS:
        hints = suggest(kind, KINDS) or (f"known: {', '.join(KINDS)}",)
        raise UsageError(f"no fault named `{kind}`\n = help: {hints[0]}")
    if kind == "slow":
        return Fault(kind, _delay(amount))
    if kind == "clock":
        return Fault(kind, _shift(amount))
    if amount:
        raise UsageError(f"the fault `{kind}` takes no amount: `{amount}`")
    return Fault(kind)


def _delay(text: str) -> int:
    found = _DELAY.fullmatch(text)
    delay = int(found[1]) * (1000 if found[2] == "s" else 1) if found else 0
    if not 1 <= delay <= _LONGEST_DELAY:
        raise UsageError(f"`slow` takes a delay of 1ms to 60s, as in `slow 50ms`; {_given(text)}")
    return delay


def _shift(text: str) -> int:
    found = _SHIFT.fullmatch(text)
    if found is None or not int(found[2]):
        raise UsageError(
            "`clock` takes a sign, a number and s, m, h or d, as in `clock +1h`; " + _given(text)
        )
    shift = int(found[2]) * _SECONDS[found[3]]
    return -shift if found[1] == "-" else shift


def _given(text: str) -> str:
    return f"not `{text}`" if text else "there is none"
