"""Fetch an upstream's ready-made file, and keep it only if it is the pinned one."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING

from kplay.bundle.model import BundleError, hash_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_BLOCK = 1 << 20  # bytes read at a time
_TIMEOUT = 60  # seconds without a byte after which the server counts as gone
_EVERY = 5.0  # seconds between two words of progress
_LARGEST_LIST = 64 << 20


def collect(
    url: str, sha256: str, target: Path, say: Callable[[str], None], *, plain: bool = False
) -> None:
    """Fetch ``url`` to ``target``, continuing where an earlier try was cut off.

    ``plain`` lets a server be asked over http that is not of this host: one that the user named.

    Raises:
        BundleError: the URL is neither https nor allowed, the server does not answer, or the bytes
            are not the pinned ones (they are removed then).
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    have = part.stat().st_size if part.exists() else 0
    request = _request(url, plain=plain)
    if have:
        request.add_header("Range", f"bytes={have}-")
    say(f"fetching {url}" + (f" from byte {have}" if have else ""))
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 (checked)
            _allow(answer.url, plain=plain)
            resumed = have and answer.status == 206  # HTTP's Partial Content
            progress = _Progress(have if resumed else 0, answer.headers, say)
            with part.open("ab" if resumed else "wb") as file:
                while block := answer.read(_BLOCK):
                    file.write(block)
                    progress.add(len(block))
            progress.end(url)
    except (urllib.error.URLError, TimeoutError, ConnectionError, HTTPException) as error:
        if not (isinstance(error, urllib.error.HTTPError) and error.code == 416):  # have it all
            raise BundleError(f"{url} cannot be fetched: {error}") from error
    found = hash_file(part)
    if found != sha256:
        part.unlink()
        raise BundleError(f"{url} has SHA-256 {found}, expected {sha256}")
    part.replace(target)


def read(url: str, *, plain: bool = False) -> bytes:
    """Fetch a small file, such as a release's sums.

    Raises:
        BundleError: as ``collect``, or it is larger than a list of files can be.
    """
    try:
        with urllib.request.urlopen(_request(url, plain=plain), timeout=_TIMEOUT) as answer:  # noqa: S310 (checked)
            _allow(answer.url, plain=plain)
            data: bytes = answer.read(_LARGEST_LIST + 1)
    except (urllib.error.URLError, TimeoutError, ConnectionError, HTTPException) as error:
        raise BundleError(f"{url} cannot be fetched: {error}") from error
    if len(data) > _LARGEST_LIST:
        raise BundleError(f"{url} has more than {_LARGEST_LIST >> 20} MiB: it is no list of files")
    return data


def _request(url: str, *, plain: bool) -> urllib.request.Request:
    _allow(url, plain=plain)
    return urllib.request.Request(url)  # noqa: S310 (the scheme is checked above)


def _allow(url: str, *, plain: bool) -> None:
    """Refuse a URL, or one that a server leads to, over which anybody could give other bytes."""
    allowed = ("https://", "http://127.0.0.1:", *(("http://",) if plain else ()))
    if not url.startswith(allowed):
        raise BundleError(f"{url} is not an https URL")


class _Progress:
    """Says from time to time how much of a file has come."""

    def __init__(self, have: int, headers: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._have = have
        length = headers.get("Content-Length") or ""
        self._whole = have + int(length) if length.isdecimal() else 0
        self._say = say
        self._said = time.monotonic()

    def end(self, url: str) -> None:
        """A server that goes away in the middle ends the answer as one that has sent all of it."""
        if self._have < self._whole:
            raise BundleError(
                f"{url} was cut off after {self._have} of {self._whole} bytes; "
                "the next build goes on from there"
            )

    def add(self, count: int) -> None:
        self._have += count
        if time.monotonic() - self._said >= _EVERY:
            self._said = time.monotonic()
            of = f" of {self._whole / 1e6:.0f}" if self._whole else ""
            self._say(f"{self._have / 1e6:.0f}{of} MB")
