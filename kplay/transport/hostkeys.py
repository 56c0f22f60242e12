"""Known hosts: which keys are trusted for a host, where that is written, and adding to it."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import hmac
import os
import threading
from pathlib import Path
from typing import NamedTuple

from kplay.transport.base import HostKeyError

USER_FILES = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
SYSTEM_FILES = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")

_writing = threading.Lock()


class KnownKey(NamedTuple):
    """One line of a known_hosts file."""

    patterns: str
    type: str
    blob: bytes
    marker: str
    place: str
    """FILE:LINE"""


class Key(NamedTuple):
    """The key that a host showed."""

    type: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As ssh-keygen prints it."""
        return fingerprint(self.blob)


def fingerprint(blob: bytes) -> str:
    """SHA-256 of a key as ssh-keygen prints it."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


def lookup_name(host: str, port: int) -> str:
    """How known_hosts names a host at a port."""
    return host.lower() if port == 22 else f"[{host.lower()}]:{port}"


def read(files: tuple[str, ...]) -> list[KnownKey]:
    """All lines of the files that are there; what is not a key line is passed over, as ssh does."""
    found = []
    for name in files:
        path = Path(name).expanduser()
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split()
            marker = words.pop(0) if words and words[0].startswith("@") else ""
            if len(words) < 3 or words[0].startswith("#"):
                continue
            try:
                blob = base64.b64decode(words[2])
            except (binascii.Error, ValueError):
                continue
            found.append(KnownKey(words[0], words[1], blob, marker, f"{path}:{number}"))
    return found


def matching(known: list[KnownKey], name: str) -> list[KnownKey]:
    """The lines that speak of a host."""
    return [one for one in known if _matches(one.patterns, name)]


def _matches(patterns: str, name: str) -> bool:
    if patterns.startswith("|1|"):
        try:
            salt, wanted = (base64.b64decode(part) for part in patterns.split("|")[2:4])
        except (binascii.Error, ValueError):
            return False
        # The format of hashed names is HMAC-SHA1
        return hmac.compare_digest(hmac.new(salt, name.encode(), hashlib.sha1).digest(), wanted)
    hit = False
    for pattern in patterns.lower().split(","):
        escaped = pattern.lstrip("!").replace("[", "[[]")
        if fnmatch.fnmatchcase(name, escaped):
            if pattern.startswith("!"):
                return False
            hit = True
    return hit


def verify(
    label: str, name: str, shown: Key, *, files: tuple[str, ...], strict: str, record_in: str
) -> None:
    """Trust a host's key or refuse it.

    Args:
        label: the host as the user knows it, for messages.
        name: as known_hosts names it.
        shown: the key that the host showed.
        files: known_hosts files, the user's first.
        strict: yes, accept-new or no.
        record_in: where a key that is accepted is written.

    Raises:
        HostKeyError: unknown and not to be accepted; another key than is known; revoked.
    """
    lines = matching(read(files), name)
    for one in lines:
        if one.marker == "@revoked" and one.blob == shown.blob:
            raise HostKeyError(
                f"{label}: its host key {shown.fingerprint} is revoked ({one.place})"
            )
    plain = [one for one in lines if not one.marker]
    if any(one.blob == shown.blob for one in plain):
        return
    if plain:
        same = [one for one in plain if one.type == shown.type] or plain
        raise HostKeyError(_changed(label, name, shown, same))
    if strict in {"accept-new", "no"}:
        record(record_in, name, shown)
        return
    raise HostKeyError(_unknown(label, name, shown, record_in, lines))


def record(file: str, name: str, key: Key) -> None:
    """Write a key that was accepted; /dev/null stays as it is."""
    path = Path(file).expanduser()
    if str(path) == os.devnull:
        return
    encoded = base64.b64encode(key.blob).decode()
    with _writing:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        old = path.read_bytes() if path.exists() else b""
        line = f"{name} {key.type} {encoded}\n".encode()
        if line in old:
            return
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "ab") as stream:
            stream.write((b"\n" if old and not old.endswith(b"\n") else b"") + line)


def _unknown(label: str, name: str, shown: Key, file: str, lines: list[KnownKey]) -> str:
    text = [
        f"{label}: its host key is not known: {name} shows {shown.type} {shown.fingerprint}",
        (
            "compare it on the host's own console "
            "(`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`), "
            f"then accept it with `--accept-new-host-keys`, or write it to {file}"
        ),
    ]
    if any(one.marker == "@cert-authority" for one in lines):
        place = next(one.place for one in lines if one.marker == "@cert-authority")
        text.append(
            f"{place} trusts a certificate authority for it: "
            "set `ansible_ssh_transport: openssh` to use that"
        )
    return "\n".join(text)


def _changed(label: str, name: str, shown: Key, known: list[KnownKey]) -> str:
    places = "\n".join(f"  {one.place}: {one.type} {fingerprint(one.blob)}" for one in known)
    return (
        f"{label}: ITS HOST KEY HAS CHANGED: someone may be between you and the host\n"
        f"{name} shows {shown.type} {shown.fingerprint}, but known is\n{places}\n"
        f"if the host was reinstalled, remove that line "
        f"(`ssh-keygen -R '{name}' -f {known[0].place.rpartition(':')[0]}`) and try again"
    )
