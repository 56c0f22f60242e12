"""What the kernel tells of ICMP, as bytes."""

from __future__ import annotations

import errno
import os
import socket
import struct
from typing import Any

import pytest

from kplay.agent import icmp

ADDRESS = struct.pack("=HH", socket.AF_INET, 0) + socket.inet_aton("10.0.0.9") + b"\0" * 8


class Queue:
    """A socket with one entry in its error queue, or none."""

    def __init__(self, *fields: int, address: bytes = ADDRESS, level: int = 0) -> None:
        data = struct.pack("=IBBBBII", *fields, 0, 0, 0) + address if fields else b""
        kind = icmp.IP_RECVERR if level == 0 else icmp.IPV6_RECVERR
        self.notes = [(level, kind, data)] if fields else []

    def recvmsg(self, *_: int) -> tuple[bytes, list[Any], int, None]:
        if not self.notes:
            raise BlockingIOError(errno.EAGAIN, "empty")
        return b"", self.notes, 0, None


@pytest.mark.parametrize(
    ("fields", "protocol", "outcome"),
    [
        ((111, 2, 3, 3), "udp", "refused"),
        ((111, 2, 3, 3), "tcp", "prohibited"),  # a closed TCP port is answered by a reset
        ((113, 2, 3, 13), "tcp", "prohibited"),
        ((113, 2, 3, 10), "udp", "prohibited"),
        ((113, 2, 3, 1), "tcp", "unreachable"),
        ((101, 2, 3, 0), "tcp", "unreachable"),
    ],
)
def test_errors_that_came_from_elsewhere(
    fields: tuple[int, ...], protocol: str, outcome: str
) -> None:
    made: Any = Queue(*fields)
    assert icmp.queued(made, protocol) == (outcome, "10.0.0.9")


def test_errors_of_the_host_itself_and_none() -> None:
    made: Any = Queue(113, 1, 0, 0)
    assert icmp.queued(made, "tcp") == ("unreachable", "")
    made = Queue()
    assert icmp.queued(made, "tcp") == ("", "")


def test_errors_of_ipv6() -> None:
    head = struct.pack("=HHI", socket.AF_INET6, 0, 0)
    address = head + socket.inet_pton(socket.AF_INET6, "fd00::9") + b"\0" * 4
    for (what, code), protocol, outcome in (
        ((1, 4), "udp", "refused"),
        ((1, 4), "tcp", "prohibited"),
        ((1, 1), "tcp", "prohibited"),
        ((1, 3), "tcp", "unreachable"),
    ):
        made: Any = Queue(111, 3, what, code, address=address, level=socket.IPPROTO_IPV6)
        assert icmp.queued(made, protocol) == (outcome, "fd00::9")


def test_an_echo_and_its_reply() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        asked = icmp.echo(made, 2)
        words = struct.unpack("!4H", asked)
        assert (sum(words) >> 16) + (sum(words) & 0xFFFF) == 0xFFFF  # the checksum of RFC 1071
        header = b"\x45" + b"\0" * 19
        number = struct.pack("!HH", os.getpid() & 0xFFFF, 2)
        assert icmp.is_reply(made, header + b"\0\0\0\0" + number)
        assert not icmp.is_reply(made, header + asked)
        assert not icmp.is_reply(made, header + b"\0\0\0\0\0\1\0\0")
        assert not icmp.is_reply(made, header)


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (errno.ECONNREFUSED, "refused"), (errno.EHOSTUNREACH, "unreachable"),
        (errno.EADDRNOTAVAIL, "unresolved"), (errno.EPERM, "prohibited"),
        (errno.ETIMEDOUT, "silent"), (errno.EMFILE, "failed"),
    ],
)  # fmt: skip
def test_what_errors_mean(number: int, outcome: str) -> None:
    assert icmp.of_errno(number) == outcome
