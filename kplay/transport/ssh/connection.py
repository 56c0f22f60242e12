"""A connection by paramiko, and the channels of programs on it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import paramiko

from kplay.errors import UnreachableError
from kplay.transport.base import Completed
from kplay.transport.ssh.dial import Line, dial
from kplay.transport.ssh.route import route

if TYPE_CHECKING:
    from kplay.transport.base import Settings
    from kplay.transport.target import Target

TAIL = 8192


class ChannelStream:
    """A program at the other end of an SSH channel."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self.channel = channel
        self._errors = b""

    def read(self, limit: int) -> bytes:
        """At most so many bytes of its output."""
        try:
            return self.channel.recv(limit)
        except (OSError, paramiko.SSHException):
            return b""

    def write(self, data: bytes) -> None:
        """All of the bytes to its input."""
        try:
            self.channel.sendall(data)
        except paramiko.SSHException as error:
            raise BrokenPipeError(str(error)) from error

    def end(self) -> None:
        """Close its input."""
        try:
            self.channel.shutdown_write()
        except (OSError, EOFError, paramiko.SSHException):
            return

    def wait(self, timeout: float) -> int | None:
        """Its exit status; None when the connection was cut."""
        if not self.channel.status_event.wait(timeout or None):
            return None
        status = self.channel.recv_exit_status()
        return status if status >= 0 else None

    def errors(self) -> str:
        """The last of its standard error."""
        while self.channel.recv_stderr_ready():
            self._errors = (self._errors + self.channel.recv_stderr(65536))[-TAIL:]
        return self._errors.decode("utf-8", "replace")

    def close(self) -> None:
        """Close the channel."""
        self.channel.close()


class SshConnection:
    """One authenticated SSH connection to a host."""

    def __init__(self, line: Line, timeout: float) -> None:
        self.line = line
        self.timeout = timeout
        hop = line.hop
        via = f" via {hop.via.address}" if hop.via else ""
        self.description = f"{hop.user}@{hop.address} port {hop.port}{via}"

    def start(self, text: str) -> ChannelStream:
        """Start a shell text in a channel of its own."""
        return ChannelStream(self._channel(text))

    def run(self, text: str, stdin: bytes = b"", timeout: float = 0.0) -> Completed:
        """Run a shell text to its end, or for so many seconds: then its status is -15.

        Raises:
            UnreachableError: the connection closed.
        """
        channel = self._channel(text)
        errors: list[bytes] = []
        output: list[bytes] = []

        def gather(receive: str, into: list[bytes]) -> None:
            try:
                while piece := getattr(channel, receive)(65536):
                    into.append(piece)
            except (OSError, paramiko.SSHException):
                return

        threads = [
            threading.Thread(target=gather, args=("recv", output), daemon=True),
            threading.Thread(target=gather, args=("recv_stderr", errors), daemon=True),
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + timeout if timeout else None
        try:
            if stdin:
                channel.sendall(stdin)
            channel.shutdown_write()
        except OSError:
            pass  # it may end without reading
        ended = channel.status_event.wait(timeout or None)
        for thread in threads:
            thread.join(None if deadline is None else max(0.1, deadline - time.monotonic()))
        status = channel.recv_exit_status() if ended else -15
        channel.close()
        if status == -1:
            raise UnreachableError(f"{self.description}: the connection closed")
        out, err = b"".join(output), b"".join(errors)
        return Completed(status, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))

    def close(self) -> None:
        """End the connection."""
        self.line.close()

    def _channel(self, text: str) -> paramiko.Channel:
        try:
            channel = self.line.transport.open_session(timeout=self.timeout)
            channel.exec_command(text)
        except (paramiko.SSHException, EOFError, OSError) as error:
            reason = str(error) or "the connection closed"
            message = f"{self.description}: cannot start a program: {reason}"
            raise UnreachableError(message) from error
        return channel


def connect(target: Target, settings: Settings) -> SshConnection:
    """Connect and log in.

    Raises:
        UnreachableError: one of its kinds says why.
    """
    hop = route(target, settings)
    timeout = target.timeout or settings.timeout
    password = target.password or settings.password
    return SshConnection(dial(hop, password, timeout, settings.retries), timeout)
