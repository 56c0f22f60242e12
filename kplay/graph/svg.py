"""A view as an SVG picture: lanes with their boxes, links that say why, light and dark."""

from __future__ import annotations

from html import escape as escaped
from typing import TYPE_CHECKING

from kplay.graph.layout import place

if TYPE_CHECKING:
    from kplay.graph.layout import Placed
    from kplay.graph.view import Box, Link, View

_BOX_WIDTH, _BOX_HEIGHT = 300, 30
_COLUMN, _ROW, _MARGIN = 360, 48, 24
_LETTERS = 40
"""That many letters of a name fit into a box."""
_TIP = """<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8"
markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
<path d="M0 0 L8 4 L0 8 z"/></marker></defs>"""

STYLE = """
.kplay-graph { --paper: #fff; --ink: #1b1f24; --soft: #6b7480; --line: #9aa4b0; --box: #f4f6f8;
  --edge: #c6ced6; --hot: #c2410c; --value: #2563eb; --picked: #fde68a;
  background: var(--paper); font: 13px system-ui, "DejaVu Sans", sans-serif; }
@media screen and (prefers-color-scheme: dark) { .kplay-graph { --paper: #14181d; --ink: #e6eaee;
  --soft: #98a3af; --line: #5d6874; --box: #1f262d; --edge: #39434e; --hot: #fb923c;
  --value: #7ab0ff; --picked: #6b5200; } }
.kplay-graph text { fill: var(--ink); }
.kplay-graph .lane { font-weight: 600; }
.kplay-graph .took { fill: var(--soft); font-size: 11px; text-anchor: end; }
.kplay-graph rect { fill: var(--box); stroke: var(--edge); }
.kplay-graph .end rect, .kplay-graph .flush rect { stroke-dasharray: 3 3; }
.kplay-graph .end text, .kplay-graph .flush text, .kplay-graph .gather text { fill: var(--soft); }
.kplay-graph .handler rect { rx: 15px; }
.kplay-graph .critical rect { stroke: var(--hot); stroke-width: 2; }
.kplay-graph path { fill: none; stroke: var(--line); stroke-width: 1.2; }
.kplay-graph path.needs, .kplay-graph path.value, .kplay-graph path.facts,
.kplay-graph path.delegate, .kplay-graph path.once, .kplay-graph path.notify {
  stroke: var(--value); stroke-dasharray: 5 4; }
.kplay-graph path.barrier, .kplay-graph path.play { stroke-width: 2; }
.kplay-graph path.critical { stroke: var(--hot); stroke-width: 2.4; }
.kplay-graph marker path { fill: context-stroke; stroke: none; }
""".strip()

_UNWRITABLE = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF], "\ufffd")
"""Characters that XML 1.0 cannot hold."""


def escape(text: str) -> str:
    """A text for XML."""
    return escaped(text.translate(_UNWRITABLE))


def svg(view: View) -> str:
    """The picture, self-contained; titles (shown on hovering) say reasons and places."""
    placed = place(view)
    width = _MARGIN * 2 + placed.width * _COLUMN
    height = _MARGIN * 2 + placed.height * _ROW
    boxes = {box.key: box for box in view.boxes()}
    column = {
        box.key: placed.columns[number]
        for number, lane in enumerate(view.lanes)
        for box in lane.boxes
    }
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="kplay-graph" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}" role="img">'
    )
    parts = [head, f"<style>{STYLE}</style>", _TIP]
    parts += [_link(link, boxes, column, placed) for link in view.links]
    for number, lane in enumerate(view.lanes):
        if not lane.boxes:
            continue
        left, top = _corner(placed.columns[number], placed.rows[lane.boxes[0].key] - 1)
        title = escape(_cut(lane.name, _LETTERS))
        parts.append(
            f'<text class="lane" x="{left}" y="{top + 24}">{title}'
            f"<title>{escape(lane.title)}</title></text>"
        )
        parts += [_box(box, column[box.key], placed.rows[box.key]) for box in lane.boxes]
    return "\n".join([*parts, "</svg>"])


def _corner(column: int, row: int) -> tuple[int, int]:
    return _MARGIN + column * _COLUMN, _MARGIN + row * _ROW


def _box(box: Box, column: int, row: int) -> str:
    left, top = _corner(column, row)
    took = "" if box.seconds is None else f"{box.seconds:.1f} s"
    room = _LETTERS - (len(took) + 1 if took else 0)
    hosts = f"\n{', '.join(box.hosts)}" if box.hosts else ""
    tip = escape(f"{box.name}\n{box.detail}{hosts}")
    kind = f"{box.kind} critical" if box.critical else box.kind
    time = (
        f'<text class="took" x="{left + _BOX_WIDTH - 8}" y="{top + 20}">{took}</text>'
        if took
        else ""
    )
    return (
        f'<g class="box {kind}" data-key="{escape(box.key)}"><title>{tip}</title>'
        f'<rect x="{left}" y="{top}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="5"/>'
        f'<text x="{left + 10}" y="{top + 20}">{escape(_cut(box.name, room))}</text>{time}</g>'
    )


def _link(link: Link, boxes: dict[str, Box], column: dict[str, int], placed: Placed) -> str:
    left, top = _corner(column[link.source], placed.rows[link.source])
    right, below = _corner(column[link.target], placed.rows[link.target])
    start = (left + _BOX_WIDTH // 2, top + _BOX_HEIGHT)
    end = (right + _BOX_WIDTH // 2, below)
    far = placed.rows[link.target] - placed.rows[link.source] > 1
    if column[link.source] == column[link.target] and far:
        # Around what stands between, on the right
        side = left + _BOX_WIDTH + 14 + 6 * (placed.rows[link.source] % 6)
        start, end = (left + _BOX_WIDTH, top + 20), (right + _BOX_WIDTH, below + 10)
        way = f"C{side} {start[1] + 14} {side} {end[1] - 14} {end[0]} {end[1]}"
    else:
        middle = (start[1] + end[1]) / 2
        way = f"C{start[0]} {middle} {end[0]} {middle} {end[0]} {end[1]}"
    names = f"{boxes[link.target].name}\nwaits for {boxes[link.source].name}:"
    tip = "\n".join([names, *(f"{one.why} ({one.place})" for one in link.reasons)])
    kind = f"{link.kind} critical" if link.critical else link.kind
    return (
        f'<path class="link {kind}" data-source="{escape(link.source)}" '
        f'data-target="{escape(link.target)}" d="M{start[0]} {start[1]} {way}" '
        f'marker-end="url(#tip)"><title>{escape(tip)}</title></path>'
    )


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1]}…"
