"""Fetch an upstream's ready-made file, and keep it only if it is the pinned one."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from kplay.bundle.model import BundleError, hash_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_BLOCK = 1 << 20  # bytes read at a time
_TIMEOUT = 60  # seconds without a byte after which the server counts as gone


def collect(url: str, sha256: str, target: Path, say: Callable[[str], None]) -> None:
    """Fetch ``url`` to ``target``, continuing where an earlier try was cut off.

    Raises:
        BundleError: the URL is neither https nor of this host, the server does not answer, or
            the bytes are not the pinned ones (they are removed then).
    """
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise BundleError(f"{url} is not an https URL")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 (the scheme is checked above)
    say(f"fetching {url}" + (f" from byte {have}" if have else ""))
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 (as above)
            resumed = have and answer.status == 206  # HTTP's Partial Content
            with part.open("ab" if resumed else "wb") as file:
                while block := answer.read(_BLOCK):
                    file.write(block)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        if not (isinstance(error, urllib.error.HTTPError) and error.code == 416):  # have it all
            raise BundleError(f"{url} cannot be fetched: {error}") from error
    found = hash_file(part)
    if found != sha256:
        part.unlink()
        raise BundleError(f"{url} has SHA-256 {found}, expected {sha256}")
    part.replace(target)
