"""A view as JSON-ready data and back, for plans that are kept; small rather than pretty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.graph.view import Box, Lane, Link, Reason, View

if TYPE_CHECKING:
    from collections.abc import Mapping


def to_data(view: View) -> dict[str, Any]:
    """Lanes with their hosts and boxes; links with boxes by their number; reasons once each."""
    number = {box.key: at for at, box in enumerate(view.boxes())}
    reasons: dict[Reason, int] = {}
    links = []
    for link in view.links:
        why = [reasons.setdefault(reason, len(reasons)) for reason in link.reasons]
        links.append([number[link.source], number[link.target], int(link.critical), why])
    return {
        "lanes": [_lane(lane) for lane in view.lanes],
        "links": links,
        "reasons": [list(reason) for reason in reasons],
    }


def from_data(data: Mapping[str, Any]) -> View:
    """What ``to_data`` gave; raises KeyError, IndexError, TypeError or ValueError otherwise."""
    lanes = []
    for lane in data["lanes"]:
        boxes = tuple(_box(box, tuple(lane["hosts"])) for box in lane["boxes"])
        lanes.append(Lane(str(lane["name"]), str(lane["title"]), boxes))
    keys = [box.key for lane in lanes for box in lane.boxes]
    reasons = [Reason(*map(str, reason)) for reason in data["reasons"]]
    links = [
        Link(keys[source], keys[target], tuple(reasons[at] for at in why), bool(critical))
        for source, target, critical, why in data["links"]
    ]
    return View(tuple(lanes), tuple(links))


def _lane(lane: Lane) -> dict[str, Any]:
    hosts = lane.boxes[0].hosts if lane.boxes else ()
    return {
        "name": lane.name,
        "title": lane.title,
        "hosts": list(hosts),
        "boxes": [
            {
                "keys": list(box.keys),
                "name": box.name,
                "kind": box.kind,
                "detail": box.detail,
                **({} if box.seconds is None else {"seconds": round(box.seconds, 2)}),
                **({"critical": True} if box.critical else {}),
            }
            for box in lane.boxes
        ],
    }


def _box(data: Mapping[str, Any], hosts: tuple[str, ...]) -> Box:
    keys = tuple(map(str, data["keys"]))
    seconds = data.get("seconds")
    return Box(
        key=keys[0],
        name=str(data["name"]),
        kind=str(data["kind"]),
        detail=str(data["detail"]),
        names=frozenset(keys),
        hosts=hosts,
        seconds=None if seconds is None else float(seconds),
        critical=bool(data.get("critical")),
        keys=keys,
    )
