"""What the network says of a packet that did not arrive: errors, ICMP, and replies to an echo."""

import errno
import os
import socket
import struct
from typing import Tuple

IP_RECVERR, IPV6_RECVERR = 11, 25
MSG_ERRQUEUE = 0x2000
KEPT = ((socket.IPPROTO_IP, IP_RECVERR), (socket.IPPROTO_IPV6, IPV6_RECVERR))
ORIGIN_ICMP, ORIGIN_ICMP6 = 2, 3


def of_errno(number: int) -> str:
    """The outcome that an error of a socket means."""
    if number == errno.ECONNREFUSED:
        return "refused"
    if number in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN):
        return "unreachable"
    if number == errno.EADDRNOTAVAIL:
        return "unresolved"
    # a local rule that forbids sending
    if number in (errno.EPERM, errno.EACCES):
        return "prohibited"
    return "silent" if number == errno.ETIMEDOUT else "failed"


def keep_errors(made: socket.socket) -> None:
    """Let the kernel keep ICMP errors of a socket for ``queued``."""
    if made.family == socket.AF_INET:
        made.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    else:
        made.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)


def queued(made: socket.socket, protocol: str) -> Tuple[str, str]:
    """What the socket's error queue tells: the outcome and who sent it, or nothing."""
    try:
        _, notes, _, _ = made.recvmsg(512, 512, MSG_ERRQUEUE)
    except OSError:
        return "", ""
    for level, kind, data in notes:
        if (level, kind) not in (
            (socket.IPPROTO_IP, IP_RECVERR),
            (socket.IPPROTO_IPV6, IPV6_RECVERR),
        ):
            continue
        number, origin, what, code = struct.unpack("=IBBB", data[:7])
        if origin not in (ORIGIN_ICMP, ORIGIN_ICMP6):
            return of_errno(number), ""
        by = _offender(data)
        if origin == ORIGIN_ICMP:
            closed, gone = (what, code) == (3, 3), what == 3 and code in (0, 1, 6, 7)
        else:
            closed, gone = (what, code) == (1, 4), what == 1 and code in (0, 3)
        if closed and protocol == "udp":
            return "refused", by
        return "unreachable" if gone else "prohibited", by
    return "", ""


def _offender(data: bytes) -> str:
    """The address that an ICMP error came from: a sockaddr behind the 16 bytes of the error."""
    rest = data[16:]
    if len(rest) < 8:
        return ""
    family = struct.unpack("=H", rest[:2])[0]
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, rest[4:8])
    if family == socket.AF_INET6 and len(rest) >= 24:
        return socket.inet_ntop(socket.AF_INET6, rest[8:24])
    return ""


def protocol_of(family: int) -> int:
    """The number of ICMP for a family of addresses."""
    return socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6


def echo(made: socket.socket, sequence: int) -> bytes:
    """An ICMP echo request with the process's number; of ICMPv6 the kernel makes the checksum."""
    number = os.getpid() & 0xFFFF
    kind = 8 if made.family == socket.AF_INET else 128
    head = struct.pack("!BBHHH", kind, 0, 0, number, sequence)
    total = sum(struct.unpack("!4H", head))
    total = (total >> 16) + (total & 0xFFFF)
    return struct.pack("!BBHHH", kind, 0, ~total & 0xFFFF, number, sequence)


def is_reply(made: socket.socket, data: bytes) -> bool:
    """Whether a packet is the answer to an echo of this process."""
    if made.family == socket.AF_INET:
        data, kind = data[(data[0] & 0xF) * 4 :], 0
    else:
        kind = 129
    found = struct.unpack("!BBHHH", data[:8]) if len(data) >= 8 else (255, 0, 0, 0, 0)
    return bool(found[0] == kind and found[3] == os.getpid() & 0xFFFF)
