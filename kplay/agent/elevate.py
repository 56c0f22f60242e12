"""Starts a second agent as another user, under sudo, su or doas.

The password goes over standard input (sudo, su) or the controlling terminal (doas reads nothing
else); it is never in an argument list, a file or the environment.
"""

import fcntl
import os
import pty
import re
import selectors
import shlex
import signal
import subprocess
import sys
import termios
import time
from typing import Any, Dict, List, Tuple

from kplay.agent import running

PATIENCE = 30.0
"""Seconds until the second agent must have spoken."""

MARKER = re.compile(rb"(?:^|\n)kplay-agent 1 ([0-9.]+)\n")
_PASSWORD = re.compile(r"(?i)(password|passwort|mot de passe|contrase|senha)[^\n]*:?\s*$")


class Refused(Exception):
    """The other user's agent cannot be started; code says why in one word."""

    def __init__(self, code: str, msg: str) -> None:
        Exception.__init__(self, msg)
        self.code = code
        self.msg = msg


class Elevated(object):
    """A process that runs as another user and has said that it is ready."""

    def __init__(self, process: Any, ahead: bytes, terminal: int) -> None:
        self.process = process
        self.ahead = ahead
        self.terminal = terminal


def start(become: Dict[str, str], stub: str) -> Elevated:
    """Start Python with that stub as another user.

    Raises:
        Refused: the program is missing, the password is wrong or missing, the user may not.
    """
    method = become.get("method") or "sudo"
    if method not in ("sudo", "su", "doas"):
        raise Refused("become-method", "no such become method: %s" % method)
    prompt = "[kplay %s] password:" % os.urandom(8).hex()
    argv = _argv(method, become, prompt, [sys.executable, "-I", "-S", "-c", stub])
    master, slave = pty.openpty() if method != "sudo" else (-1, -1)
    if slave >= 0:
        attributes = termios.tcgetattr(slave)
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, attributes)

    def prepare() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        if slave >= 0:
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=running.environment({"LC_ALL": "C", "LANGUAGE": ""}),
            start_new_session=True,
            preexec_fn=prepare,  # noqa: PLW1509 - the controlling terminal is set nowhere else
        )
    except OSError:
        if master >= 0:
            os.close(master)
        msg = "cannot become %s: %s is not installed" % (become["user"], method)
        if slave >= 0:
            os.close(slave)
        raise Refused("become-missing", msg) from None
    talk = _Talk(process, master, method, prompt, become)
    try:
        return Elevated(process, talk.until_ready(), master)
    except BaseException:
        running.kill(process)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        if master >= 0:
            os.close(master)
        raise
    finally:
        # Until the program has opened its terminal, ours is what keeps that alive
        if slave >= 0:
            os.close(slave)


def _argv(method: str, become: Dict[str, str], prompt: str, command: List[str]) -> List[str]:
    user = become["user"]
    program = become.get("exe") or method
    flags = [f for f in shlex.split(become.get("flags") or "") if f not in ("-n", "-S")]
    if method == "sudo":
        asks = ["-S", "-p", prompt] if become.get("password") else ["-n"]
        return [program] + (flags or ["-H"]) + asks + ["-u", user, "--"] + command
    if method == "su":
        line = "exec " + " ".join(shlex.quote(word) for word in command)
        return [program] + flags + ["-s", "/bin/sh", "-c", line, user]
    asks = [] if become.get("password") else ["-n"]
    return [program] + flags + asks + ["-u", user, "--"] + command


class _Talk(object):
    """The conversation until the second agent says that it is ready."""

    def __init__(
        self, process: Any, master: int, method: str, prompt: str, become: Dict[str, str]
    ) -> None:
        self.process = process
        self.master = master
        self.method = method
        self.prompt = prompt
        self.become = become
        self.out = b""
        self.said = ""
        self.asked = 0
        self.all = ""

    def until_ready(self) -> bytes:
        """Answer prompts; gives what came after the ready marker."""
        deadline = time.monotonic() + PATIENCE
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ, "out")
            selector.register(self.process.stderr, selectors.EVENT_READ, "err")
            if self.master >= 0:
                selector.register(self.master, selectors.EVENT_READ, "err")
            while time.monotonic() < deadline:
                for key, _ in selector.select(0.5):
                    data = _read(key.fd)
                    if not data:
                        selector.unregister(key.fileobj)
                        if key.data == "out":
                            raise self._ended()
                    elif key.data == "out":
                        self.out += data
                        found = MARKER.search(self.out)
                        if found:
                            return self.out[found.end() :]
                    else:
                        self._hear(data.decode("utf-8", "replace"))
        raise Refused(
            "become-timeout",
            "cannot become %s: %s gave no answer in %d seconds%s"
            % (self.become["user"], self.method, PATIENCE, self._tail()),
        )

    def _hear(self, text: str) -> None:
        self.said += text
        self.all += text
        prompted = (
            self.prompt in self.said if self.method == "sudo" else bool(_PASSWORD.search(self.said))
        )
        if not prompted:
            return
        self.said = ""
        self.asked += 1
        password = self.become.get("password") or ""
        if not password:
            raise self._wanted()
        if self.asked > 1:
            raise self._wrong()
        answer = password.encode("utf-8") + b"\n"
        os.write(self.master if self.method == "doas" else self.process.stdin.fileno(), answer)

    def _ended(self) -> Refused:
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            data = _read(self.process.stderr.fileno())
            if not data:
                break
            self.all += data.decode("utf-8", "replace")
        text = self.all.replace(self.prompt, "")
        user = self.become["user"]
        if re.search(
            r"(?i)(password|terminal) is required|(authori[sz]|authentic)ation required",
            text,
        ):
            return self._wanted()
        if self.asked and re.search(r"(?i)incorrect|fail|sorry|authorization", text):
            return self._wrong()
        if re.search(r"(?i)unknown user|does not exist|no passwd entry", text):
            return Refused("become-user", "cannot become %s: no such user on the host" % user)
        if re.search(r"(?i)not in the sudoers|not allowed|may not run|not permitted", text):
            msg = "cannot become %s: %s does not allow it%s" % (user, self.method, self._tail())
            return Refused("become-refused", msg)
        msg = "cannot become %s: %s ended%s" % (user, self.method, self._tail())
        return Refused("become-failed", msg)

    def _wrong(self) -> Refused:
        user = self.become["user"]
        return Refused("become-password", "cannot become %s: wrong become password" % user)

    def _wanted(self) -> Refused:
        user = self.become["user"]
        text = "cannot become %s: %s asks for a password and none was given" % (user, self.method)
        return Refused("become-password", text)

    def _tail(self) -> str:
        lines = [one.strip() for one in self.all.replace(self.prompt, "").splitlines()]
        said = "; ".join([one for one in lines if one][-3:])
        return ": " + said if said else ""


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65536)
    except OSError:
        # A terminal whose other side has closed answers EIO
        return b""


def wire_of(elevated: Elevated) -> Tuple[int, int]:
    """Descriptors to read from and to write to."""
    return elevated.process.stdout.fileno(), elevated.process.stdin.fileno()
