"""Locks as abstract Unix sockets: no file, freed by the kernel when the holder ends."""

import hashlib
import hmac
import json
import os
import socket
import threading
import time
from typing import Any, Callable, Dict, List, Optional

NAME = "\0" + (os.environ.get("KPLAY_LOCK") or "kplay-run")
PATIENCE = 600.0
"""Seconds to wait for a lock named by a module, such as dpkg."""

SILENT = "?"
"""What stands for the name of a holder that does not answer."""
ANSWER_WITHIN = 20.0
"""Seconds that a holder of the run lock has to say who it is."""


def proof(key: bytes, nonce: str) -> str:
    """What only the controller's own run can say to an agent of the same run."""
    return hmac.new(key, b"kplay yield " + nonce.encode("ascii"), hashlib.sha256).hexdigest()


class RunLock(object):
    """Held by the one run that may change this host; answers who that is."""

    def __init__(self, holder: Dict[str, Any], key: bytes, yielded: Callable[[], None]) -> None:
        self.holder = holder
        self.key = key
        self.yielded = yielded
        self._socket: Optional[socket.socket] = None

    def take(self) -> bool:
        """Take it when it is free."""
        made = _bind(NAME)
        if made is None:
            return False
        made.listen(8)
        self._socket = made
        threading.Thread(target=self._answer, args=(made,), daemon=True).start()
        return True

    def release(self) -> None:
        """Let it go."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _answer(self, listening: socket.socket) -> None:
        while True:
            try:
                asker, _ = listening.accept()
            except OSError:
                return
            try:
                self._speak(asker)
            except (OSError, ValueError):
                continue
            finally:
                asker.close()

    def _speak(self, asker: socket.socket) -> None:
        asker.settimeout(2.0)
        nonce = os.urandom(16).hex()
        asker.sendall(json.dumps(dict(self.holder, nonce=nonce)).encode("ascii") + b"\n")
        said = asker.recv(256).decode("ascii", "replace").strip()
        if said and hmac.compare_digest(said, proof(self.key, nonce)):
            self.yielded()


def holder() -> Optional[Dict[str, Any]]:
    """Who holds this host's run lock, or None."""
    return _ask(b"", "")


def ask_to_yield(key: bytes) -> Optional[Dict[str, Any]]:
    """Tell an agent of the same run that its connection is gone; answers its holder."""
    return _ask(key, "yield")


def _ask(key: bytes, what: str) -> Optional[Dict[str, Any]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(2.0)
        try:
            asking.connect(NAME)
            data = b""
            while not data.endswith(b"\n"):
                piece = asking.recv(4096)
                if not piece:
                    break
                data += piece
            found = json.loads(data.decode("ascii"))
            if what:
                asking.sendall(proof(key, found["nonce"]).encode("ascii") + b"\n")
                asking.recv(1)
        except ConnectionRefusedError:
            return None
        except (OSError, ValueError):
            return {"user": SILENT, "run": SILENT}
        found.pop("nonce", None)
        return dict(found)


class hold(object):  # noqa: N801 - used as a statement
    """Holds named locks while a step is applied; always in one order, so never a deadlock."""

    def __init__(self, names: List[str]) -> None:
        self.names = sorted(set(names))
        self._held: List[socket.socket] = []

    def __enter__(self) -> None:
        deadline = time.monotonic() + PATIENCE
        for name in self.names:
            made = _bind("\0kplay-lock-" + name)
            while made is None and time.monotonic() < deadline:
                time.sleep(0.05)
                made = _bind("\0kplay-lock-" + name)
            if made is not None:
                self._held.append(made)

    def __exit__(self, *_: object) -> None:
        for made in self._held:
            made.close()
        self._held = []


def _bind(name: str) -> Optional[socket.socket]:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.bind(name)
    except OSError:
        made.close()
        return None
    return made
