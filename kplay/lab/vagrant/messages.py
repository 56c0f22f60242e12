"""What Vagrant says under ``--machine-readable``: a line a message, fields between commas.

A line is ``TIME,TARGET,TYPE,DATA…``; within a field a comma is written ``%!(VAGRANT_COMMA)`` and
a line break ``\\n``. Whatever else a plugin prints stands between such lines.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_STAMP = re.compile(r"\d+")
# Vagrant puts the machine's name before each line of what it says of it.
_PREFIX = re.compile(r"(?m)^(?:==> |    )[a-z][a-z0-9-]*: ?")
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
# Said at each start, and of nothing that happens to the machine.
_NOISE = ("An error occurred. The error will", "Fixed port collision", "Machine already provisioned.")
_STEPS = ("info", "output", "success", "warn")


class Message(NamedTuple):
    """One line: ``target`` is a machine, empty for all; ``data`` has at least one field."""

    target: str
    kind: str
    data: tuple[str, ...]

    @property
    def text(self) -> str:
        """The last field without the machine's name before each line."""
        return _PREFIX.sub("", self.data[-1]).strip()

    @property
    def step(self) -> str:
        """What it says of a machine's progress, in one line; empty when it says nothing of it."""
        if self.kind != "ui" or self.data[0] not in _STEPS:
            return ""
        first = self.text.partition("\n")[0].strip()
        return "" if first.startswith(_NOISE) else first.removesuffix("...")


def parse(line: str) -> Message | None:
    """One line of output; None for one that is not a message of Vagrant's own."""
    fields = _TERMINAL.sub("", line).rstrip("\n").split(",", 3)
    if len(fields) < 4 or not _STAMP.fullmatch(fields[0]):
        return None
    _, target, kind, rest = fields
    data = tuple(_plain(field) for field in rest.split(","))
    return Message(target, kind, data)


def _plain(field: str) -> str:
    return field.replace("%!(VAGRANT_COMMA)", ",").replace("\\n", "\n").replace("\\r", "")
