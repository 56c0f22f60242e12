from __future__ import annotations

import pytest

from kplay.errors import UsageError
from kplay.lab.fault import KINDS, Fault, parse


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("reboot",), Fault("reboot")),
        (("cut",), Fault("cut")),
        (("full-disk",), Fault("full-disk")),
        (("slow", "50ms"), Fault("slow", 50)),
        (("slow", "50"), Fault("slow", 50)),
        (("slow", "2s"), Fault("slow", 2000)),
        (("clock", "+1h"), Fault("clock", 3600)),
        (("clock", "-90s"), Fault("clock", -90)),
        (("clock", "+2d"), Fault("clock", 172800)),
        (("clock", "-5m"), Fault("clock", -300)),
    ],
)
def test_a_fault_is_read(words: tuple[str, ...], fault: Fault) -> None:
    assert parse(*words) == fault
    assert fault.kind in KINDS


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("rebot",), "no fault named `rebot`\n = help: did you mean `reboot`?"),
        (("fire",), "no fault named `fire`\n = help: known: reboot, cut, slow, full-disk, clock"),
        (("cut", "1"), "the fault `cut` takes no amount: `1`"),
        (("slow",), "`slow` takes a delay of 1ms to 60s, as in `slow 50ms`; there is none"),
        (("slow", "0"), "`slow` takes a delay of 1ms to 60s"),
        (("slow", "2h"), "`slow` takes a delay of 1ms to 60s"),
        (("slow", "61s"), "`slow` takes a delay of 1ms to 60s"),
        (("clock",), "`clock` takes a sign, a number and s, m, h or d"),
        (("clock", "1h"), "`clock` takes a sign, a number and s, m, h or d"),
        (("clock", "+0s"), "`clock` takes a sign, a number and s, m, h or d"),
    ],
)
def test_what_is_no_fault_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(*words)
    assert str(caught.value).startswith(message)
