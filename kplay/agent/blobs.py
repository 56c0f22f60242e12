"""Content that the controller sends by digest: asked for when it is needed, kept for the run."""

import hashlib
import os
import tempfile
import threading
from typing import Any, Callable, Dict, Iterator, Optional

from kplay.agent import slot
from kplay.modules.api import ModuleFailure

IN_MEMORY = 64 * 1024
"""Bytes up to which a blob is not put on disk."""


class _Blob(object):
    def __init__(self, size: int) -> None:
        self.size = size
        self.data = bytearray()
        self.path = ""
        self.stream: Any = None
        self.received = 0
        self.hash = hashlib.sha256()
        self.error = ""
        self.done = threading.Event()


class Blobs(object):
    """The blobs of one agent."""

    def __init__(self, base: str, ask: Callable[[str], None]) -> None:
        self.base = base
        self.ask = ask
        self.lost = threading.Event()
        self._blobs: Dict[str, _Blob] = {}
        self._directory = ""

    def take(self, digest: str, offset: int, data: bytes) -> bool:
        """Keep a piece that came; False when this agent did not ask for it (any thread)."""
        blob = self._blobs.get(digest)
        if blob is None or blob.done.is_set():
            return False
        if offset != blob.received or blob.received + len(data) > blob.size:
            blob.error = "pieces of a blob came out of order"
        else:
            blob.received += len(data)
            blob.hash.update(data)
            try:
                self._keep(blob, data)
            except OSError as error:
                blob.error = "cannot keep a blob on the host: %s" % error.strerror
        if not blob.error and blob.received == blob.size and blob.hash.hexdigest() != digest:
            blob.error = "the content that came is not the one that was named"
        if blob.error or blob.received == blob.size:
            if blob.stream is not None:
                blob.stream.close()
            blob.done.set()
        return True

    def read(self, digest: str, size: int) -> bytes:
        """All of a blob, fetched when it is not here."""
        return b"".join(self.pieces(digest, size))

    def pieces(self, digest: str, size: int) -> Iterator[bytes]:
        """A blob piece by piece, fetched when it is not here."""
        blob = self._have(digest, size)
        if not blob.path:
            yield bytes(blob.data)
            return
        with open(blob.path, "rb") as stream:
            while True:
                piece = stream.read(1 << 20)
                if not piece:
                    return
                yield piece

    def close(self) -> None:
        """Remove what was spooled."""
        for blob in self._blobs.values():
            if blob.stream is not None:
                blob.stream.close()
            if blob.path:
                _quietly(os.unlink, blob.path)
        if self._directory:
            _quietly(os.rmdir, self._directory)
            self._directory = ""

    def _keep(self, blob: _Blob, data: bytes) -> None:
        if blob.size <= IN_MEMORY:
            blob.data += data
            return
        if blob.stream is None:
            if not self._directory:
                slot.make_private(self.base)
                self._directory = tempfile.mkdtemp(prefix="blobs-%d-" % os.getpid(), dir=self.base)
            handle, blob.path = tempfile.mkstemp(dir=self._directory)
            blob.stream = os.fdopen(handle, "wb")
        blob.stream.write(data)

    def _have(self, digest: str, size: int) -> _Blob:
        blob = self._blobs.get(digest)
        if blob is None or blob.error:
            blob = self._blobs[digest] = _Blob(size)
            if size == 0:
                blob.done.set()
            else:
                self.ask(digest)
        while not blob.done.wait(0.2):
            if self.lost.is_set():
                raise ModuleFailure("the connection closed before the content came", code="lost")
        if blob.error:
            raise ModuleFailure(blob.error, code="blob")
        return blob


def sweep(base: str) -> None:
    """Remove spools whose agent was killed."""
    try:
        names = os.listdir(base)
    except OSError:
        return
    for name in names:
        pid = _owner(name)
        if pid is not None and not os.path.exists("/proc/%d" % pid):
            path = os.path.join(base, name)
            for inner in os.listdir(path):
                _quietly(os.unlink, os.path.join(path, inner))
            _quietly(os.rmdir, path)


def _owner(name: str) -> Optional[int]:
    words = name.split("-")
    if words[0] == "blobs" and len(words) > 2 and words[1].isdigit():
        return int(words[1])
    return None


def _quietly(action: Callable[[str], None], path: str) -> None:
    try:
        action(path)
    except OSError:
        return
