"""The controller itself as a host."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from kplay.errors import UnreachableError
from kplay.transport.base import Completed

if TYPE_CHECKING:
    from pathlib import Path

TAIL = 8192


class PipeStream:
    """A child process of ours with three pipes."""

    def __init__(self, argv: list[str], directory: Path | None = None) -> None:
        try:
            self.process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=directory,
                start_new_session=True,
            )
        except OSError as error:
            raise UnreachableError(f"cannot run `{argv[0]}`: {error.strerror}") from error
        self._tail = b""
        self._closed = False
        self._lock = threading.Lock()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def read(self, limit: int) -> bytes:
        """At most so many bytes of its output."""
        assert self.process.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            return self.process.stdout.read(limit) or b""
        except ValueError:
            return b""

    def write(self, data: bytes) -> None:
        """All of the bytes to its input."""
        assert self.process.stdin is not None  # noqa: S101 - a pipe was asked for
        view = memoryview(data)
        try:
            while view:
                view = view[self.process.stdin.write(view[: 1 << 20]) :]
        except ValueError as error:
            raise BrokenPipeError("the pipe is closed") from error

    def end(self) -> None:
        """Close its input."""
        if self.process.stdin is not None:
            self.process.stdin.close()

    def wait(self, timeout: float) -> int | None:
        """Its exit status."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def errors(self) -> str:
        """The last of its standard error."""
        self._listener.join(0.5)
        return self._tail.decode("utf-8", "replace")

    def close(self) -> None:
        """Close our ends of its input and output and gather it if it has ended."""
        if self._closed:
            return
        self._closed = True
        self.end()
        threading.Thread(target=self._gather, daemon=True).start()

    def kill(self) -> None:
        """End it and its session."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.close()

    def _gather(self) -> None:
        self.process.wait()
        self._listener.join()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def _listen(self) -> None:
        assert self.process.stderr is not None  # noqa: S101 - a pipe was asked for
        while data := self.process.stderr.read(4096):
            self._tail = (self._tail + data)[-TAIL:]


class LocalConnection:
    """Runs programs on the controller, in a folder."""

    description = "the controller itself"

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory

    def start(self, text: str) -> PipeStream:
        """Start a shell text."""
        return PipeStream(["/bin/sh", "-c", text], self._directory)

    def run(self, text: str, stdin: bytes = b"", timeout: float = 0.0) -> Completed:
        """Run a shell text to its end."""
        return run_argv(["/bin/sh", "-c", text], stdin, timeout, self._directory)

    def close(self) -> None:
        """Nothing is held."""


def run_argv(
    argv: list[str], stdin: bytes, timeout: float, directory: Path | None = None
) -> Completed:
    """Run a program of the controller to its end."""
    try:
        done = subprocess.run(
            argv,
            input=stdin,
            capture_output=True,
            timeout=timeout or None,
            check=False,
            cwd=directory,
        )
    except subprocess.TimeoutExpired as error:
        out, err = error.stdout or b"", error.stderr or b""
        return Completed(-15, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))
    out, err = done.stdout, done.stderr
    return Completed(
        done.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
    )
