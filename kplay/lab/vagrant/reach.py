"""How each host is reached, as ``vagrant ssh-config`` says: asked each time, never kept.

An address may be another after each boot, and so may be the port that leads to a machine.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kplay.lab.vagrant.program import Vagrant


@dataclass(frozen=True, slots=True)
class Reach:
    """One host: where its SSH server is, whom to log in as, and with which key."""

    address: str
    port: int
    user: str
    key: Path
    proxy: str = ""


def reach(vagrant: Vagrant, *hosts: str) -> dict[str, Reach]:
    """How hosts are reached, all that run without any named.

    Raises:
        KplayError: vagrant failed, as it does for a host that does not run.
    """
    return parse(vagrant.plain("ssh-config", *hosts))


def parse(text: str) -> dict[str, Reach]:
    """Read what ``vagrant ssh-config`` prints: blocks of ``Host NAME`` and options."""
    found: dict[str, dict[str, str]] = {}
    block: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.strip().partition(" ")
        if key == "Host":
            block = found.setdefault(value.strip(), {})
        elif key:
            # Of several keys the first is the machine's own.
            block.setdefault(key, value.strip())
    return {
        host: Reach(
            address=one["HostName"],
            port=int(one.get("Port", "22")),
            user=one.get("User", "vagrant"),
            key=Path(next(iter(shlex.split(one.get("IdentityFile", ""))), "")),
            proxy=one.get("ProxyCommand", ""),
        )
        for host, one in found.items()
        if "HostName" in one
    }
