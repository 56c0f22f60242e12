"""What hosts that dropped out cost the others, and the way on without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kplay.walk.events import HostLost


def holding_up(lost: Iterable[HostLost]) -> list[str]:
    """Names, sorted, of the hosts out of reach for lack of which others are blocked."""
    by_name = {one.host: one for one in lost}
    found = set()
    for one in by_name.values():
        passed: set[str] = set()
        while one.blocker in by_name and one.host not in passed:
            passed.add(one.host)
            one = by_name[one.blocker]  # noqa: PLW2901 - followed to where it began
        if passed and one.status == "unreachable":
            found.add(one.host)
    return sorted(found)


def way_on(lost: Iterable[HostLost]) -> str:
    """How to go on without the hosts out of reach that block others; empty where none does."""
    names = holding_up(lost)
    if not names:
        return ""
    they, are, them = ("it", "is", "it") if len(names) == 1 else ("they", "are", "them")
    without = ":".join(f"!{name}" for name in names)
    return (
        f"other hosts wait for {', '.join(names)}; to go on without {them}, start anew with"
        f" `--limit '{without}'`, or with `--absent {','.join(names)}` where {they} {are} gone"
    )
