"""Ports that are listened on during a check, so that peers can tell a closed port from a firewall.

Nothing is written, and nothing is left: what was accepted is reset, so that not even a connection
in TIME_WAIT stays behind.
"""

import contextlib
import socket
import struct
from typing import Any, Dict, List, Sequence, Set, Tuple

Port = Tuple[str, int]


class Listener(object):
    """Open ports on a selector of others.

    Args:
        selector: where sockets are registered; events whose data is no attempt are handed back.
        wanted: each with ``port``, ``protocol`` and ``expected`` (names of peers).
        greeting: what a peer is told.
    """

    def __init__(self, selector: Any, wanted: Sequence[Dict[str, Any]], greeting: bytes) -> None:
        self.selector, self.greeting = selector, greeting
        self.ports: Set[Port] = set()
        self.heard: Set[Tuple[str, str, int]] = set()
        self.expected: Set[Tuple[str, str, int]] = set()
        self.sockets: List[socket.socket] = []
        for one in wanted:
            protocol, port = str(one.get("protocol") or "tcp"), int(one["port"])
            made = _bound(protocol, port)
            if made is None:
                continue
            self.sockets.append(made)
            self.ports.add((protocol, port))
            self.expected |= {(str(peer), protocol, port) for peer in one.get("expected") or ()}
            kind = "accept" if protocol == "tcp" else "datagram"
            selector.register(made, 1, (kind, protocol, port))

    def missing(self) -> Set[Tuple[str, str, int]]:
        """Peers that are expected on a port and did not come yet."""
        return self.expected - self.heard

    def event(self, key: Any) -> None:
        """Take what came for one of the sockets."""
        kind, protocol, port = key.data
        if kind == "accept":
            with contextlib.suppress(OSError):
                made, _ = key.fileobj.accept()
                self.sockets.append(made)
                made.setblocking(False)
                # closing sends a reset
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.selector.register(made, 1, ("peer", protocol, port))
                made.send(self.greeting)
        elif kind == "datagram":
            with contextlib.suppress(OSError):
                data, peer = key.fileobj.recvfrom(512)
                if self._note(data, protocol, port):
                    key.fileobj.sendto(self.greeting, peer)
        else:
            try:
                data = key.fileobj.recv(512)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            self._note(data, protocol, port)
            if not data:
                self._drop(key.fileobj)

    def _note(self, data: bytes, protocol: str, port: int) -> bool:
        if not data.startswith(b"kplay "):
            return False
        name = data[6:].split(b"\n")[0].decode("utf-8", "replace")
        self.heard.add((name, protocol, port))
        return True

    def _drop(self, made: socket.socket) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self.selector.unregister(made)
        with contextlib.suppress(ValueError):
            self.sockets.remove(made)
        made.close()

    def close(self) -> None:
        """Close every port and everything accepted."""
        for made in list(self.sockets):
            self._drop(made)


def _bound(protocol: str, port: int) -> Any:
    """A socket on every address of the host, IPv6 too where there is any; None if it is taken."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    for family, address in ((socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0")):  # noqa: S104
        try:
            made = socket.socket(family, kind)
        except OSError:
            continue
        try:
            made.setblocking(False)
            if kind == socket.SOCK_STREAM:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            made.bind((address, port))
            if kind == socket.SOCK_STREAM:
                made.listen(256)
        except OSError:
            made.close()
        else:
            return made
    return None
