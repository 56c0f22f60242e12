"""Reaching lab hosts with the ``ssh`` program, their host keys pinned."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def argv(
    address: str, user: str, *, key_file: Path, known_hosts: Path, command: Sequence[str] = ()
) -> list[str]:
    """The command line of ``ssh`` to a host.

    The user's own ssh configuration is left out, so that nothing in it can redirect or weaken
    the connection. As ever with ssh, ``command`` is joined by blanks for the host's shell.
    """
    options = [
        f"UserKnownHostsFile={known_hosts}",
        "GlobalKnownHostsFile=/dev/null",
        "StrictHostKeyChecking=yes",
        "IdentitiesOnly=yes",
        # curve25519 costs a seventh of the post-quantum default's processor time.
        "KexAlgorithms=curve25519-sha256",
        "ConnectTimeout=10",
        "LogLevel=ERROR",
    ]
    line = ["ssh", "-F", "none", "-i", str(key_file)]
    for option in options:
        line += ["-o", option]
    return [*line, f"{user}@{address}", *command]


def known_hosts_text(keys: Mapping[str, str]) -> str:
    """A known_hosts file from address to public key (type and base64)."""
    return "".join(f"{address} {key}\n" for address, key in keys.items())


def speaks(address: str, *, seconds: float = 1.0) -> bool:
    """Whether an SSH server greets at port 22 of an address; costs no key exchange."""
    with suppress(OSError), socket.create_connection((address, 22), timeout=seconds) as connection:
        connection.settimeout(seconds)
        return connection.recv(4) == b"SSH-"
    return False


def wait(address: str, login: Sequence[str], *, seconds: float) -> str:
    """Wait until a login succeeds; return why it did not, or an empty text.

    Args:
        address: where the host listens.
        login: the whole command line that logs in and runs ``true``.
        seconds: how long to try.
    """
    deadline = time.monotonic() + seconds
    reason = f"nothing answers at {address}, port 22"
    while time.monotonic() < deadline:
        if speaks(address):
            done = subprocess.run(
                list(login), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            if done.returncode == 0:
                return ""
            reason = done.stderr.strip() or f"ssh ended with status {done.returncode}"
        time.sleep(0.1)
    return reason
