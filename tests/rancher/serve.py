"""A tree of releases over HTTP, as release pages and channel servers of upstream answer.

    /k3s/VERSION/FILE        a file; the version may be escaped (v1.36.3%2Bk3s1)
    /channels/k3s/CHANNEL    leads to /k3s/releases/tag/VERSION

Loopback or a lab's own network only; at most so many connections at once, none for ever.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

AT_ONCE = 16
PATIENCE = 30.0  # seconds that a client may say or take nothing
_DISTRIBUTIONS = ("k3s", "rke2")


class Server(ThreadingHTTPServer):
    """Serves one tree, and keeps what it was asked for in ``asked``."""

    daemon_threads = True

    def __init__(self, tree: Path, address: str, port: int = 0) -> None:
        if not ip_address(address).is_private:
            raise ValueError(f"{address} is neither loopback's nor a lab's")
        self.tree = tree.resolve()
        self.asked: list[str] = []
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        super().__init__((address, port), Handler)

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]}:{self.server_address[1]}"

    def process_request_thread(self, request, client_address) -> None:
        with self._turns:
            super().process_request_thread(request, client_address)


class Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = PATIENCE
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
        """Keep standard error for failures."""

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.asked.append(path)
        match path.strip("/").split("/"):
            case ["channels", name, channel] if name in _DISTRIBUTIONS:
                self._lead(name, channel)
            case [name, "releases", "tag", version] if name in _DISTRIBUTIONS:
                self._send(self.server.tree / name / version, listing=True, body=body)
            case [name, version, file] if name in _DISTRIBUTIONS:
                self._send(self.server.tree / name / version / file, listing=False, body=body)
            case _:
                self.send_error(HTTPStatus.NOT_FOUND)

    def _lead(self, name: str, channel: str) -> None:
        place = self.server.tree / "channels" / name
        known = [one.name for one in place.iterdir()] if place.is_dir() else []
        if channel not in known:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        version = (place / channel).read_text(encoding="utf-8").strip()
        self.send_response(HTTPStatus.FOUND)
        self.send_header("Location", f"{self.server.url}/{name}/releases/tag/{quote(version)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, path: Path, *, listing: bool, body: bool) -> None:
        inside = path.resolve().is_relative_to(self.server.tree)
        if not inside or not (path.is_dir() if listing else path.is_file()):
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        names = "\n".join(sorted(one.name for one in path.iterdir())) if listing else ""
        length = len(names.encode()) if listing else path.stat().st_size
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/plain" if listing else "application/octet-stream")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if body and listing:
            self.wfile.write(names.encode())
        elif body:
            with path.open("rb") as file:
                shutil.copyfileobj(file, self.wfile, 1 << 20)


@contextmanager
def serving(tree: Path, address: str = "127.0.0.1", port: int = 0) -> Iterator[Server]:
    """Serve a tree while the block runs; port 0 takes a free one."""
    with Server(tree, address, port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(PATIENCE)


if __name__ == "__main__":
    where, seconds = sys.argv[2:3] or ["127.0.0.1"], float((sys.argv[3:4] or ["3600"])[0])
    with serving(Path(sys.argv[1]), where[0]) as running:
        sys.stdout.write(f"{running.url}\n")
        sys.stdout.flush()
        time.sleep(seconds)
