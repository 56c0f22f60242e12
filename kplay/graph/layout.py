"""Where the boxes of a view stand: rows by what they wait for, columns by lane."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kplay.graph.view import View


class Placed(NamedTuple):
    """Rows and columns count from 0; a lane's title stands in the row above its first box."""

    rows: dict[str, int]
    columns: list[int]
    """The column of each lane, in the view's order."""
    height: int
    width: int


def place(view: View) -> Placed:
    """Every box below all that it waits for; lanes that share no row share a column."""
    into = view.into()
    rows: dict[str, int] = {}
    order = {box.key: (number, box) for number, box in enumerate(view.boxes())}
    waiting = [list(lane.boxes) for lane in view.lanes]
    above = [0] * len(waiting)
    moved = True
    while moved:
        moved = False
        for number, boxes in enumerate(waiting):
            while boxes:
                sources = [link.source for link in into.get(boxes[0].key, ())]
                if any(source in order and source not in rows for source in sources):
                    break
                row = max([above[number], *(rows[source] for source in sources)]) + 1
                rows[boxes.pop(0).key] = above[number] = row
                moved = True
    columns: list[int] = []
    taken: list[list[range]] = []
    """The rows of each column that lanes stand in, those of their titles too."""
    for lane in view.lanes:
        mine = [rows[box.key] for box in lane.boxes] or [1]
        span = range(min(mine) - 1, max(mine) + 1)
        free = (n for n, spans in enumerate(taken) if not any(_meet(span, one) for one in spans))
        column = next(free, len(taken))
        taken += [[]] if column == len(taken) else []
        taken[column].append(span)
        columns.append(column)
    return Placed(rows, columns, max(rows.values(), default=0) + 1, max(1, len(taken)))


def _meet(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop
