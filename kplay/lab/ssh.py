"""Reaching lab hosts with the ``ssh`` program, their host keys pinned."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from kplay.errors import CommandError
from kplay.lab.commands import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from threading import Event

# What ssh says of a host key that is not the pinned one: waiting does not mend it.
_CHANGED = "HOST IDENTIFICATION HAS CHANGED"


def argv(
    address: str,
    user: str,
    *,
    key_file: Path,
    known_hosts: Path,
    command: Sequence[str] = (),
    more: Sequence[str] = (),
) -> list[str]:
    """The command line of ``ssh`` to a host.

    The user's own ssh configuration is left out, so that nothing in it can redirect or weaken
    the connection. As ever with ssh, ``command`` is joined by blanks for the host's shell.
    ``more`` are further options, as ``Port=2222``.
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
        *more,
    ]
    line = ["ssh", "-F", "none", "-i", str(key_file)]
    for option in options:
        line += ["-o", option]
    return [*line, f"{user}@{address}", *command]


def known_hosts_text(keys: Mapping[str, str]) -> str:
    """A known_hosts file from address to public key (type and base64)."""
    return "".join(f"{address} {key}\n" for address, key in keys.items())


def speaks(address: str, *, port: int = 22, seconds: float = 1.0) -> bool:
    """Whether an SSH server greets at a port of an address; costs no key exchange."""
    at = (address, port)
    with suppress(OSError), socket.create_connection(at, timeout=seconds) as connection:
        connection.settimeout(seconds)
        return connection.recv(4) == b"SSH-"
    return False


def wait(
    address: str,
    login: Sequence[str],
    *,
    seconds: float,
    port: int = 22,
    broken_off: Event | None = None,
) -> str:
    """Wait until a login succeeds; return why it did not, or an empty text.

    Args:
        address: where the host listens.
        login: the whole command line that logs in and runs ``true``.
        seconds: how long to try.
        port: at which port; 0 where only the login can tell, as behind a proxy.
        broken_off: ends the waiting when it is set.
    """
    deadline = time.monotonic() + seconds
    reason = f"nothing answers at {address}, port {port}"
    while (left := deadline - time.monotonic()) > 0 and not (broken_off and broken_off.is_set()):
        if port == 0 or speaks(address, port=port):
            try:
                run(login, timeout=left, broken_off=broken_off)
            except CommandError as error:
                _, _, said = str(error).partition("\n")
                reason = said or f"ssh ended with status {error.status}"
            else:
                return ""
            if _CHANGED in reason:
                return reason
        time.sleep(0.1)
    return reason
