"""Where one host is in one play: a stack of segments, moved forward only.

A failure goes to the rescue of the innermost block that has one, past its always, or ends the
host's walk. A copy of a cursor may run ahead while results are under way.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kplay.graph.model import Branch, Leaf, Segment

if TYPE_CHECKING:
    from kplay.graph.model import PlayStrand, Position, Vertex

END: Position = (1 << 62,)
"""Greater than every position."""


@dataclass(slots=True)
class _Frame:
    segment: Segment
    index: int = 0
    branch: Branch | None = None
    part: int = 0
    failed: bool = False


def _handles(entry: Leaf | Branch) -> bool:
    while isinstance(entry, Branch):
        part = next((part for part in entry.parts if part.entries), None)
        if part is None:
            return True
        entry = part.entries[0]
    return entry.vertex.handler


class Cursor:
    """A host's place in a play; ``leaf`` is None at the end."""

    __slots__ = ("_stack", "dead", "forced", "rescued", "strand")

    def __init__(self, strand: PlayStrand) -> None:
        self.strand = strand
        self._stack = [_Frame(strand.root)]
        self.dead = False
        self.forced = False
        self.rescued = 0
        self._settle()

    def copy(self) -> Cursor:
        """A cursor that moves on its own."""
        other = object.__new__(Cursor)
        other.strand, other.dead, other.rescued = self.strand, self.dead, self.rescued
        other.forced = self.forced
        other._stack = [replace(frame) for frame in self._stack]
        return other

    @property
    def leaf(self) -> Leaf | None:
        """The entry to run next, or None when the host is through."""
        if not self._stack:
            return None
        frame = self._stack[-1]
        entry = frame.segment.entries[frame.index]
        return entry if isinstance(entry, Leaf) else None

    @property
    def vertex(self) -> Vertex | None:
        """The vertex to run next, or None when the host is through."""
        leaf = self.leaf
        return leaf.vertex if leaf is not None else None

    @property
    def position(self) -> Position:
        """Place in the written order."""
        vertex = self.vertex
        return vertex.position if vertex is not None else END

    def advance(self) -> None:
        """Past the current entry."""
        self._stack[-1].index += 1
        self._settle()

    def enter(self, segments: list[Segment]) -> None:
        """Into what an include expanded to; past the include afterwards."""
        entries = [entry for segment in segments for entry in segment.entries]
        self._stack.append(_Frame(Segment(entries)))
        self._settle()

    def fail(self) -> bool:
        """After a failed step; True when a rescue takes it up, be it after an ``always``."""
        taken = any(
            frame.branch is not None and frame.part == 0 and frame.branch.parts[1].entries
            for frame in self._stack
        )
        while self._stack:
            frame = self._stack.pop()
            branch = frame.branch
            if branch is None:
                continue
            if frame.part == 0 and branch.parts[1].entries:
                self._stack.append(_Frame(branch.parts[1], 0, branch, 1))
                self.rescued += 1
                self._settle()
                return True
            if frame.part < 2 and branch.parts[2].entries:
                self._stack.append(_Frame(branch.parts[2], 0, branch, 2, failed=True))
                self._settle()
                return taken
        self.dead = True
        return False

    def end(self, *, dead: bool = False) -> None:
        """To the end of the play at once."""
        self._stack.clear()
        self.dead = self.dead or dead

    def to_handlers(self, after: Position) -> bool:
        """To the next flush of handlers and no further, once; False when there is none."""
        entries = self.strand.root.entries
        flushes = (
            index
            for index, entry in enumerate(entries)
            if isinstance(entry, Leaf)
            and entry.vertex.kind == "flush"
            and entry.vertex.position > after
        )
        first = next(flushes, None)
        if first is None or self.forced:
            return False
        handling = itertools.takewhile(_handles, entries[first + 1 :])
        self._stack = [_Frame(Segment([entries[first], *handling]))]
        self.forced = True
        return True

    def leave_role(self) -> None:
        """To the end of the innermost role (``meta: end_role``)."""
        while self._stack:
            frame = self._stack.pop()
            if frame.branch is not None and frame.branch.block.kind == "role":
                self._stack[-1].index += 1
                break
        self._settle()

    def _settle(self) -> None:
        while self._stack:
            frame = self._stack[-1]
            if frame.index < len(frame.segment.entries):
                entry = frame.segment.entries[frame.index]
                if isinstance(entry, Leaf):
                    return
                self._stack.append(_Frame(entry.parts[0], 0, entry, 0))
                continue
            self._stack.pop()
            branch = frame.branch
            if branch is not None and frame.part < 2:
                self._stack.append(_Frame(branch.parts[2], 0, branch, 2))
            elif frame.failed:
                self.fail()
                return
            elif self._stack:
                self._stack[-1].index += 1
