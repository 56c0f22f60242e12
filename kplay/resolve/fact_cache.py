"""Facts kept on the controller, a JSON file a host, as ansible-core's cache ``jsonfile`` has them.

Documented at https://docs.ansible.com/ansible/latest/collections/ansible/builtin/
jsonfile_cache.html. What the documentation leaves open was seen from files that ansible-core 2.19
wrote: ``<prefix>s1_<host>`` holds a text of JSON under ``__payload__``, in which a value that came
from a playbook stands with its origin. Earlier versions wrote plain facts to ``<prefix><host>``.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

GATHERED = "_ansible_facts_gathered"
"""The key that says that a play gathered the facts; ``setup`` called by a task does not set it."""
DAY = 86400

_SCHEMA = "s1_"
_PAYLOAD = "__payload__"
_TYPE = "__ansible_type"


class Cached(NamedTuple):
    """A host's facts as a file has them."""

    facts: dict[str, Any]
    age: float
    """Seconds since they were written."""
    path: Path


class FactCache:
    """A folder of facts.

    Args:
        directory: the folder, made when something is written.
        prefix: begins the names of its files.
        timeout: seconds for which facts count, 0 for ever.
        flushed: read as if it were empty; nothing is removed.
    """

    def __init__(
        self, directory: Path, *, prefix: str = "", timeout: int = DAY, flushed: bool = False
    ) -> None:
        self.flushed = flushed
        self.directory = directory
        self.prefix = prefix
        self.timeout = timeout

    def read(self, host: str, *, even_old: bool = False) -> Cached | None:
        """A host's facts; None when there are none, they are too old, or the file is not whole."""
        found: list[Cached] = []
        for path in () if self.flushed else self._paths(host):
            try:
                age = max(0.0, time.time() - path.stat().st_mtime)
                facts = _decoded(json.loads(path.read_text(encoding="utf-8")))
            except (OSError, ValueError):
                continue
            fresh = even_old or not self.timeout or age <= self.timeout
            if isinstance(facts, dict) and fresh:
                found.append(Cached(facts, age, path))
        return min(found, key=lambda one: one.age, default=None)

    def write(self, host: str, facts: Mapping[str, Any]) -> None:
        """Keep a host's facts in place of earlier ones; the file is the owner's alone.

        Raises:
            OSError: it cannot be written.
        """
        current, older = self._paths(host)
        plain = json.dumps(facts, default=str)
        _replace(current, json.dumps({_PAYLOAD: plain}))
        if older.exists():
            _replace(older, plain)

    def forget(self, host: str) -> None:
        """Drop a host's facts."""
        for path in self._paths(host):
            with contextlib.suppress(OSError):
                path.unlink()

    def _paths(self, host: str) -> tuple[Path, Path]:
        name = host.replace(os.sep, "_")
        return self.directory / f"{self.prefix}{_SCHEMA}{name}", self.directory / (
            self.prefix + name
        )


def age_text(seconds: float) -> str:
    """An age in the largest unit that it fills twice: ``90 minutes``, ``2 days``."""
    for unit, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * unit:
            return f"{int(seconds / unit)} {name}s"
    count = int(seconds)
    return f"{count} second" + ("" if count == 1 else "s")


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, made = tempfile.mkstemp(prefix=".", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(made).replace(path)


def _decoded(value: Any) -> Any:
    """The facts in a file of either form, without what ansible-core says of their origin."""
    if isinstance(value, dict):
        if set(value) == {_PAYLOAD} and isinstance(value[_PAYLOAD], str):
            return _decoded(json.loads(value[_PAYLOAD]))
        if _TYPE in value and "value" in value:
            return _decoded(value["value"])
        return {key: _decoded(one) for key, one in value.items()}
    return [_decoded(one) for one in value] if isinstance(value, list) else value
