"""Paths by reading alone: what lies above one, what exists, where links lead."""

import posixpath
from typing import TYPE_CHECKING, Iterable, List

if TYPE_CHECKING:
    from kplay.agent.host import Probe


def parents(path: str) -> List[str]:
    """The directories above a path, the nearest to the root first."""
    above: List[str] = []
    parent = posixpath.dirname(path)
    while parent not in ("", "/"):
        above.insert(0, parent)
        parent = posixpath.dirname(parent)
    return above


def missing(probe: "Probe", names: Iterable[str]) -> List[str]:
    """Those of the paths that do not exist, in the order given."""
    return [path for path in names if probe.stat(path) is None]


def real(probe: "Probe", path: str) -> str:
    """The path with all links resolved, also where its end does not exist."""
    waiting = [part for part in path.split("/") if part]
    done, hops = "/", 0
    while waiting:
        part = waiting.pop(0)
        if part in (".", ".."):
            done = posixpath.dirname(done) if part == ".." else done
            continue
        here = posixpath.join(done, part)
        stat = probe.lstat(here)
        if stat is None or stat.state != "link" or hops > 40:
            done = here
            continue
        hops += 1
        done = "/" if stat.target.startswith("/") else done
        waiting = [one for one in stat.target.split("/") if one] + waiting
    return done
