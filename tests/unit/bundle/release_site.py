"""A loopback server of release files, with what can go wrong on the way."""

from __future__ import annotations

import hashlib
import http.server
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator


class Site:
    """Files by path; ``asked`` are requests in order, ``cut`` paths that end in the middle once."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.cut: dict[str, int] = {}
        self.url = ""

    def release(self, base: str, version: str, files: dict[str, bytes], sums: str) -> None:
        """Publish a version: its files, and their sums."""
        for name, data in files.items():
            self.files[f"{base}/{version}/{name}"] = data
        lines = (f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in files.items())
        self.files[f"{base}/{version}/{sums}"] = ("\n".join(lines) + "\n").encode()

    def k3s(self, version: str, program: bytes = b"k3s", *images: str) -> None:
        """A small K3s."""
        archives = {f"k3s-airgap-images-amd64.tar.{one}": one.encode() for one in images or ("gz",)}
        self.release("k3s", version, {"k3s": program, **archives}, "sha256sum-amd64.txt")


@contextmanager
def serving() -> Iterator[Site]:
    """A site that is up while the block runs."""
    site = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(self.path).lstrip("/")
            ranged = self.headers["Range"] or ""
            site.asked.append(f"{path} {ranged}".strip())
            data = site.files.get(path)
            if data is None:
                self.send_error(404)
                return
            start = int(ranged[6:-1]) if ranged else 0
            self.send_response(206 if ranged else 200)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            self.wfile.write(data[start : site.cut.pop(path, len(data))])

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        site.url = f"http://127.0.0.1:{server.server_port}"
        yield site
        server.shutdown()
