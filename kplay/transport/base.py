"""What a transport gives: a connection that runs programs with a pipe to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kplay.errors import UnreachableError

if TYPE_CHECKING:
    from pathlib import Path


class Completed(NamedTuple):
    """A shell text that ran to its end."""

    rc: int
    stdout: str
    stderr: str


class Stream(Protocol):
    """A program on the host, with pipes to it."""

    def read(self, limit: int) -> bytes:
        """At most so many bytes; none when the program's output has ended."""

    def write(self, data: bytes) -> None:
        """All of the bytes to the program's input; OSError when it is gone."""

    def end(self) -> None:
        """Close the program's input."""

    def wait(self, timeout: float) -> int | None:
        """The exit status, or None when it is not known by then."""

    def errors(self) -> str:
        """The last of what the program wrote to standard error."""

    def close(self) -> None:
        """Let go at once; the program may still run."""


class Connection(Protocol):
    """A way to one host, authenticated."""

    @property
    def description(self) -> str:
        """Where it leads and as whom, for messages."""

    def start(self, text: str) -> Stream:
        """Start a shell text on the host."""

    def run(self, text: str, stdin: bytes = b"", timeout: float = 0.0) -> Completed:
        """Run a shell text to its end, without Python on the host."""

    def close(self) -> None:
        """End it, and what it started unless that lives on by itself."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says of connections, for all hosts."""

    accept_new_host_keys: bool = False
    timeout: float = 10.0
    """Seconds for each of: TCP connection, banner, authentication."""
    ssh_config: Path | None = None
    """In place of ~/.ssh/config and /etc/ssh/ssh_config."""
    user: str = ""
    private_key_file: str = ""
    password: str = ""
    directory: Path | None = None
    """Where programs of the controller itself run: Ansible runs them in the playbook's folder."""
    retries: int = 4
    """Connections dropped by the host before anything was said are tried again so often."""


class ResolveError(UnreachableError):
    """The name of a host has no address."""


class RefusedError(UnreachableError):
    """Nothing answers at the address and port."""


class TimeoutExpiredError(UnreachableError):
    """The host did not answer in time."""


class AuthenticationError(UnreachableError):
    """The host took none of what was offered."""


class HostKeyError(UnreachableError):
    """The host's key is not known, or is another one than was known."""


class NoPythonError(UnreachableError):
    """There is no Python on the host that could run the agent."""


class BecomeError(UnreachableError):
    """The agent cannot become the user that was asked for."""

    def __init__(self, message: str, code: str) -> None:
        """Keep the agent's code: become-password, become-missing, become-refused …."""
        super().__init__(message)
        self.code = code


class AgentError(UnreachableError):
    """The agent did not start, or ended by a fault of its own."""
