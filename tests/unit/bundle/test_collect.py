from __future__ import annotations

import hashlib
import http.server
import threading
from typing import TYPE_CHECKING

import pytest

from kplay.bundle.collect import collect
from kplay.bundle.model import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BODY = bytes(range(256)) * 40
DIGEST = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def site() -> Iterator[tuple[str, list[str | None]]]:
    """A server of BODY that honours ranges; gives its URL and the ranges that were asked for."""
    ranges = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers["Range"]
            ranges.append(asked)
            start = int(asked[6:-1]) if asked else 0
            if start >= len(BODY):
                self.send_error(416)
                return
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(BODY) - start))
            self.end_headers()
            self.wfile.write(BODY[start:])

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/file", ranges
        server.shutdown()


def test_a_file_is_fetched(site: tuple[str, list[str | None]], tmp_path: Path) -> None:
    collect(site[0], DIGEST, tmp_path / "bin/file", print)
    assert (tmp_path / "bin/file").read_bytes() == BODY


@pytest.mark.parametrize("have", [100, len(BODY)])
def test_a_fetch_goes_on_where_it_was_cut_off(
    site: tuple[str, list[str | None]], tmp_path: Path, have: int
) -> None:
    (tmp_path / ".file.part").write_bytes(BODY[:have])
    collect(site[0], DIGEST, tmp_path / "file", print)
    assert (tmp_path / "file").read_bytes() == BODY
    assert site[1] == [f"bytes={have}-"]


def test_wrong_bytes_are_refused_and_not_kept(
    site: tuple[str, list[str | None]], tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match=f"has SHA-256 {DIGEST}, expected {'0' * 64}"):
        collect(site[0], "0" * 64, tmp_path / "file", print)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_is_an_error_of_the_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cannot be fetched"):
        collect("http://127.0.0.1:1/file", DIGEST, tmp_path / "file", print)


@pytest.mark.parametrize("url", ["http://example.test/x", "file:///etc/passwd"])
def test_only_https_is_trusted(tmp_path: Path, url: str) -> None:
    with pytest.raises(BundleError, match="is not an https URL"):
        collect(url, DIGEST, tmp_path / "file", print)
