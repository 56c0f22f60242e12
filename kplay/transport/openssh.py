"""SSH by the ssh program, for hosts that need what paramiko lacks.

One master process a host holds the connection; each program is a session of it.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.errors import UnreachableError
from kplay.transport.base import (
    AuthenticationError,
    Completed,
    HostKeyError,
    RefusedError,
    ResolveError,
    TimeoutExpiredError,
)
from kplay.transport.local import PipeStream, run_argv

if TYPE_CHECKING:
    from kplay.transport.base import Settings
    from kplay.transport.target import Target

_FAULTS: tuple[tuple[str, type[UnreachableError]], ...] = (
    (r"IDENTIFICATION HAS CHANGED|Host key verification failed|host key", HostKeyError),
    (r"Could not resolve hostname", ResolveError),
    (r"Connection refused", RefusedError),
    (r"timed out", TimeoutExpiredError),
    (r"Permission denied|Too many authentication", AuthenticationError),
)


class OpensshConnection:
    """A master process of the ssh program."""

    def __init__(self, target: Target, settings: Settings) -> None:
        self.target = target
        self.description = f"{target.address} through {target.ssh_program}"
        self.directory = Path(tempfile.mkdtemp(prefix="kplay-ssh-"))
        self.base = [target.ssh_program, "-o", f"ControlPath={self.directory}/c"]
        self.place = ["--", target.address]
        timeout = target.timeout or settings.timeout
        try:
            self._open([*self.base, *_arguments(target, settings, timeout)], timeout)
        except BaseException:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise

    def start(self, text: str) -> PipeStream:
        """Start a shell text."""
        return PipeStream([*self.base, "-T", *self.place, text])

    def run(self, text: str, stdin: bytes = b"", timeout: float = 0.0) -> Completed:
        """Run a shell text to its end."""
        return run_argv([*self.base, "-T", *self.place, text], stdin, timeout)

    def close(self) -> None:
        """End the master, and with it the connection."""
        run_argv([*self.base, "-O", "exit", *self.place], b"", 10.0)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _open(self, argv: list[str], timeout: float) -> None:
        errors = self.directory / "errors"
        with errors.open("wb") as stream:
            try:
                # ssh -f keeps standard error open for as long as it runs: not a pipe
                done = subprocess.run(
                    [*argv, "-M", "-f", "-N", "-T", *self.place],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=stream,
                    timeout=timeout * 3,
                    check=False,
                    start_new_session=True,
                )
            except FileNotFoundError as error:
                text = f"{self.target.name}: no program `{argv[0]}` on the controller"
                raise UnreachableError(text) from error
            except subprocess.TimeoutExpired as error:
                text = f"{self.target.name}: {argv[0]} did not log in within {timeout * 3:g} s"
                raise TimeoutExpiredError(text) from error
        if done.returncode != 0:
            raise _fault(self.target, errors.read_text(errors="replace"))


def _arguments(target: Target, settings: Settings, timeout: float) -> list[str]:
    argv = ["-o", f"ConnectTimeout={max(1, int(timeout))}", "-o", "BatchMode=yes"]
    argv += ["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"]
    if target.password or settings.password:
        raise AuthenticationError(
            f"{target.name}: the ssh program takes no password from kplay: use a key, "
            "or leave out `ansible_ssh_transport: openssh`"
        )
    strict = target.strict or ("accept-new" if settings.accept_new_host_keys else "")
    if strict:
        argv += ["-o", f"StrictHostKeyChecking={strict}"]
    if settings.ssh_config:
        argv += ["-F", str(settings.ssh_config)]
    if target.port:
        argv += ["-p", str(target.port)]
    user = target.user or settings.user
    if user:
        argv += ["-l", user]
    key = target.private_key_file or settings.private_key_file
    if key:
        argv += ["-i", key]
    return [*argv, *shlex.split(target.ssh_args)]


def _fault(target: Target, said: str) -> UnreachableError:
    lines = [line.strip() for line in said.splitlines() if line.strip(" @\t")]
    text = f"{target.name}: ssh: " + "\n".join(lines[-8:] or ["it ended without a word"])
    kind = next((kind for pattern, kind in _FAULTS if re.search(pattern, said)), UnreachableError)
    return kind(text)
