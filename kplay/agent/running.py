"""Runs a program to its end: bounded output, a deadline, no process left behind."""

import contextlib
import os
import pwd
import selectors
import signal
import subprocess
import time
from typing import Any, Callable, Dict, Optional, Sequence

from kplay.agent.host import Completed

CAP = 1024 * 1024
"""Bytes kept of each of stdout and stderr: the first and the last half."""

STREAM_CAP = 512 * 1024
"""Bytes of a step's output that are sent as it comes."""

GRACE = 0.3
"""Seconds to wait for output after a program ended whose daemon holds the pipe."""

Output = Callable[[str, bytes], None]

_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


def environment(*layers: Optional[Dict[str, str]]) -> Dict[str, str]:
    """The environment of a program: the agent's, then the layers, sbin always on the path."""
    merged = dict(os.environ)
    for layer in layers:
        for name, value in (layer or {}).items():
            merged[str(name)] = str(value)
    path = [part for part in merged.get("PATH", "").split(":") if part]
    merged["PATH"] = ":".join(path + [part for part in _PATH if part not in path])
    return merged


def account() -> Dict[str, str]:
    """What the environment says of the user that the agent runs as."""
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        return {}
    return {"HOME": entry.pw_dir, "USER": entry.pw_name, "LOGNAME": entry.pw_name}


class Kept(object):
    """The first and the last bytes of a stream, and how many between them were cut."""

    def __init__(self, cap: int = CAP) -> None:
        self.half = cap // 2
        self.head = bytearray()
        self.tail = bytearray()
        self.cut = 0

    def add(self, data: bytes) -> None:
        """Take what was read."""
        room = self.half - len(self.head)
        if room > 0:
            self.head += data[:room]
            data = data[room:]
        self.tail += data
        over = len(self.tail) - self.half
        if over > self.half:
            self.cut += over
            del self.tail[:over]

    def text(self) -> str:
        """What was kept, with a line that says how much was not."""
        over = max(0, len(self.tail) - self.half)
        tail = bytes(self.tail[over:])
        cut = self.cut + over
        marker = b"\n[kplay: %d bytes cut here]\n" % cut if cut else b""
        return (bytes(self.head) + marker + tail).decode("utf-8", "replace")


def run(
    argv: Sequence[str],
    stdin: str = "",
    cwd: str = "",
    env: Optional[Dict[str, str]] = None,
    timeout: float = 0.0,
    output: Optional[Output] = None,
    cap: int = 0,
) -> Completed:
    """Run a program in a session of its own; a timeout or an exception kills all of it.

    cap is the bytes kept of each of stdout and stderr, 0 for CAP.
    """
    words = [str(word) for word in argv]
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd or None,
            env=environment() if env is None else env,
            start_new_session=True,
            preexec_fn=_default_signals,  # noqa: PLW1509 - the agent ignores SIGHUP, a program must not
        )
    except FileNotFoundError:
        if cwd and not os.path.isdir(cwd):
            return Completed(127, "", "no such directory: %s" % cwd)
        return Completed(127, "", "%s: not found" % words[0])
    except (PermissionError, NotADirectoryError, OSError) as error:
        return Completed(126, "", "%s: %s" % (words[0], error.strerror or error))
    ended = False
    try:
        data = stdin.encode("utf-8", "surrogateescape")
        completed = _collect(process, data, timeout, output, cap or CAP)
        ended = True
        return completed
    finally:
        if not ended:
            kill(process)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                _close(pipe)


def kill(process: Any) -> None:
    """End a process and all of its session: asked first, then made to."""
    for number, patience in ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        else:
            return


def _default_signals() -> None:
    for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _collect(
    process: Any, data: bytes, timeout: float, output: Optional[Output], cap: int
) -> Completed:
    kept = {"stdout": Kept(cap), "stderr": Kept(cap)}
    deadline = time.monotonic() + timeout if timeout else 0.0
    timed_out = False
    quiet_since = 0.0
    with selectors.DefaultSelector() as selector:
        for name in ("stdout", "stderr"):
            selector.register(getattr(process, name), selectors.EVENT_READ, name)
        pending = memoryview(data)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE, "stdin")
        while selector.get_map():
            events = selector.select(0.1 if deadline or process.poll() is not None else 0.5)
            for key, _ in events:
                if key.data == "stdin":
                    pending = _feed(selector, process.stdin, pending)
                else:
                    _drain(selector, key, kept[key.data], output)
            if events:
                quiet_since = 0.0
            elif process.poll() is not None:
                quiet_since = quiet_since or time.monotonic()
                if time.monotonic() - quiet_since > GRACE:
                    break
            if deadline and time.monotonic() > deadline and process.poll() is None:
                timed_out = True
                kill(process)
    rest = max(0.1, deadline - time.monotonic()) if deadline and not timed_out else None
    try:
        process.wait(rest)
    except subprocess.TimeoutExpired:
        timed_out = True
        kill(process)
    rc = -signal.SIGTERM if timed_out else process.returncode
    return Completed(int(rc), kept["stdout"].text(), kept["stderr"].text())


def _feed(selector: Any, pipe: Any, pending: Any) -> Any:
    try:
        written = os.write(pipe.fileno(), pending[:65536])
    except BlockingIOError:
        return pending
    except OSError:
        written = len(pending)
    pending = pending[written:]
    if not pending:
        selector.unregister(pipe)
        _close(pipe)
    return pending


def _drain(selector: Any, key: Any, kept: Kept, output: Optional[Output]) -> None:
    data = os.read(key.fd, 65536)
    if not data:
        selector.unregister(key.fileobj)
        return
    kept.add(data)
    if output is not None:
        output(key.data, data)


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:
        return
