"""Connects to a host in the way that its variables ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kplay.transport.base import Connection, Settings
    from kplay.transport.target import Target


def connect(target: Target, settings: Settings) -> Connection:
    """Connect and log in; may be called from many threads at once.

    Raises:
        UnreachableError: one of its kinds says why.
    """
    if target.connection == "local":
        from kplay.transport.local import LocalConnection

        return LocalConnection(settings.directory)
    if target.connection == "openssh":
        from kplay.transport.openssh import OpensshConnection

        return OpensshConnection(target, settings)
    from kplay.transport.ssh.connection import connect as connect_ssh

    return connect_ssh(target, settings)
