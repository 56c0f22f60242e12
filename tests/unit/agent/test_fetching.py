"""How a host asks a server: over a Unix socket, with gzip, with headers that stay behind."""

from __future__ import annotations

import gzip
import http.server
import socketserver
import threading
from typing import TYPE_CHECKING, Any

import pytest

from kplay.agent import fetching

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Handler(http.server.BaseHTTPRequestHandler):
    seen: list[tuple[str, str]] = []  # noqa: RUF012 - of the one server of a test

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers.get("X-Key", "")))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/there")
            self.end_headers()
            return
        data = gzip.compress(b"plain") if self.path != "/broken" else b"no gzip"
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class UnixServer(socketserver.UnixStreamServer):
    def get_request(self) -> Any:
        return self.socket.accept()[0], ("unix", 0)


@pytest.fixture
def sock(tmp_path: Path) -> Iterator[str]:
    path = str(tmp_path / "s")
    Handler.seen.clear()
    with UnixServer(path, Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield path
        server.shutdown()
        thread.join()


def ask(path: str, sock: str, **options: Any) -> Any:
    headers = {"X-Key": "secret"}
    return fetching.request(
        "GET", f"http://host{path}", headers, b"", 5.0, True, "all",
        proxies={}, options={"socket": sock, **options},
    )  # fmt: skip


def test_over_a_unix_socket(sock: str) -> None:
    answer = ask("/x", sock, decompress=True)
    assert (answer.status, answer.body) == (200, b"plain")
    assert gzip.decompress(ask("/x", sock).body) == b"plain"
    assert ask("/broken", sock, decompress=True).error.startswith("the answer is no gzip")
    assert ask("/x", sock + "none").status == -1


def test_a_header_stays_behind_at_a_redirect(sock: str) -> None:
    ask("/moved", sock, unredirected=["x-key"])
    assert Handler.seen == [("/moved", "secret"), ("/there", "")]
    Handler.seen.clear()
    ask("/moved", sock)
    assert Handler.seen == [("/moved", "secret"), ("/there", "secret")]


def test_ciphers() -> None:
    made = fetching.context(True, "", "", "", "AES256-SHA256")
    names = {one["name"] for one in made.get_ciphers()}
    assert "AES256-SHA256" in names
    assert "AES128-SHA256" not in names
