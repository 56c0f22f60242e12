"""Whether packets from this host arrive at others: many sockets in one loop, for a few seconds.

What an attempt ends in, by ``outcome``:

* ``answered``: something answered on the port
* ``refused``: the packet arrived, and nothing listens there (a TCP reset; of UDP an ICMP port
  unreachable); a firewall that imitates this looks the same
* ``prohibited``: a firewall said no, by ICMP; Linux sends a reset, not ICMP, for a TCP port on
  which nothing listens, so that any ICMP in reply to TCP is a firewall's
* ``unreachable``: no route, or nobody at the address
* ``silent``: nothing came back
* ``unresolved``: the address is a name that means nothing here
* ``failed``: the attempt could not be made from here

What answers with no greeting of ours is asked for its certificate where the target says so.

Where the peer is to listen, ``times`` has every attempt's time, else ``at`` the last one's.

ICMP that answers a TCP connect is told from a reset by the socket's error queue, which Linux fills
for TCP from version 5.9 on; before that a rejected port counts as refused.
"""

import contextlib
import errno
import heapq
import itertools
import os
import resource
import selectors
import socket
import time
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

from kplay.agent import icmp
from kplay.agent.answering import Listener

RETRY = 0.25
"""Seconds until a port whose listener may open yet is tried again."""
AGAIN = (0.3, 1.1, 1.9)
"""When a datagram is sent again: hosts limit how many ICMP errors they send a second."""
GREETING = 1.0
"""Seconds for which a greeting is waited for."""
LOOK_UP = 5.0
"""Seconds for looking up names, all together."""
MOST = 384
"""Sockets open at once; a process may have 1024 by default."""


class Attempt(object):
    """One target, and what is known of it."""

    def __init__(self, target: Dict[str, Any]) -> None:
        self.address = str(target["address"])
        self.port = int(target.get("port") or 0)
        self.protocol = str(target.get("protocol") or "tcp")
        self.listens = bool(target.get("listens"))
        self.hears = self.listens or bool(target.get("hears"))
        self.asks = bool(target.get("asks"))
        self.deaf = bool(target.get("deaf"))
        self.outcome = ""
        self.at = 0.0
        self.times: List[float] = []
        self.by = self.said = self.certificate = ""
        self.due = self.sends = 0.0
        self.sent = 0
        self.socket: Optional[socket.socket] = None

    def found(self) -> Dict[str, Any]:
        """What came of it, ready for JSON."""
        found: Dict[str, Any] = {"outcome": self.outcome, "at": self.at}
        if self.listens:
            found["times"] = self.times
        if self.by:
            found["by"] = self.by
        if self.said:
            found["said"] = self.said
        if self.certificate:
            found["certificate"] = self.certificate
        return found


class Reach(object):
    """Tries targets and listens for peers that do the same; call ``run`` once.

    Args:
        targets: each with ``address``, ``port`` and ``protocol`` (tcp, udp or icmp); ``listens``
            where the peer is known to listen during the check, which is then greeted and tried
            again until it answers; ``hears`` to read a greeting without giving one; ``asks`` for
            the certificate of what answers without one; ``deaf`` where something that never
            answers (VXLAN) has the port, and only ICMP is waited for.
        listen: each with ``port``, ``protocol`` and ``expected``, the names of peers that will try
            it; a port that is taken is left out.
        name: how this host introduces itself.
        patience: seconds for which ports are listened on, and refusals tried again.
        timeout: seconds until an attempt is given up.
    """

    def __init__(
        self,
        targets: Sequence[Dict[str, Any]],
        listen: Sequence[Dict[str, Any]],
        name: str,
        patience: float,
        timeout: float,
    ) -> None:
        self.attempts = [Attempt(one) for one in targets]
        self.wanted = list(listen)
        self.name = name
        self.patience, self.timeout = patience, timeout
        self.greeting = b"kplay %s\n" % name.encode("utf-8", "replace")
        self.began = time.time()
        self.start = time.monotonic()
        self.queue: List[Tuple[float, int, Attempt]] = []
        self.order = itertools.count()
        self.names: Dict[Tuple[str, int], Optional[Tuple[int, Any]]] = {}
        self.looked_up = 0.0
        self.open: Set[Attempt] = set()
        self.selector = selectors.DefaultSelector()
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self.most = max(16, min(MOST, soft // 2)) if soft > 0 else MOST

    def run(self) -> Dict[str, Any]:
        """Try everything; ends once all is decided and every expected peer was heard."""
        for attempt in self.attempts:
            with contextlib.suppress(OSError):
                self._resolved(attempt)
        self.began, self.start = time.time(), time.monotonic()
        listener = Listener(self.selector, self.wanted, self.greeting)
        try:
            for attempt in self.attempts:
                self._later(attempt, 0.0)
            while self.queue or self.open or self._waits(listener):
                self._start_due()
                for key, _ in self.selector.select(self._pause()):
                    if isinstance(key.data, Attempt):
                        self._event(key.data)
                    else:
                        listener.event(key)
                self._expire()
        finally:
            for attempt in list(self.open):
                self._close(attempt)
            listener.close()
            self.selector.close()
        ended = time.time()
        for attempt in self.attempts:
            if attempt.asks and not attempt.said and attempt.outcome == "answered":
                attempt.certificate = _certificate(attempt, min(2.0, self.timeout))
        return {
            "attempts": [one.found() for one in self.attempts],
            "listened": [list(one) for one in sorted(listener.ports)],
            "began": self.began,
            "ended": ended,
        }

    def _waits(self, listener: Listener) -> bool:
        return bool(listener.missing()) and time.monotonic() - self.start < self.patience

    def _pause(self) -> float:
        """Seconds until something is due."""
        now = time.monotonic()
        times = [one.due for one in self.open] + [one.sends for one in self.open if one.sends]
        if self.queue and len(self.open) < self.most:
            times.append(self.queue[0][0])
        if self.start + self.patience > now:
            times.append(self.start + self.patience)
        return min([0.5] + [max(0.0, one - now) for one in times])

    def _later(self, attempt: Attempt, seconds: float) -> None:
        heapq.heappush(self.queue, (time.monotonic() + seconds, next(self.order), attempt))

    def _start_due(self) -> None:
        while self.queue and len(self.open) < self.most and self.queue[0][0] <= time.monotonic():
            attempt = heapq.heappop(self.queue)[2]
            try:
                self._start(attempt)
            except OSError as error:
                self._ended(attempt, icmp.of_errno(error.errno or 0))

    def _start(self, attempt: Attempt) -> None:
        attempt.at = time.time()
        family, address = self._resolved(attempt)
        kind = socket.SOCK_STREAM if attempt.protocol == "tcp" else socket.SOCK_DGRAM
        number = 0
        if attempt.protocol == "icmp":
            kind, number = socket.SOCK_RAW, icmp.protocol_of(family)
        try:
            made = socket.socket(family, kind, number)
        except OSError as error:  # none left, or no right to make one of that kind
            raise OSError(errno.EMFILE, str(error)) from None
        attempt.socket = made
        attempt.due = time.monotonic() + (min(0.6, self.timeout) if attempt.deaf else self.timeout)
        self.open.add(attempt)
        made.setblocking(False)
        with contextlib.suppress(OSError):
            level = socket.IPPROTO_IP if family == socket.AF_INET else socket.IPPROTO_IPV6
            made.setsockopt(
                level, icmp.IP_RECVERR if family == socket.AF_INET else icmp.IPV6_RECVERR, 1
            )
        said = made.connect_ex(address)
        if said not in (0, errno.EINPROGRESS):
            raise OSError(said, os.strerror(said))
        if attempt.protocol == "tcp":
            attempt.times.append(attempt.at)
            self.selector.register(made, selectors.EVENT_WRITE, attempt)
        else:
            self.selector.register(made, selectors.EVENT_READ, attempt)
            attempt.sent = 0
            self._send(attempt)

    def _resolved(self, attempt: Attempt) -> Tuple[int, Any]:
        """Family and socket address; names are looked up once, for so long altogether."""
        key = (attempt.address, attempt.port)
        if key not in self.names:
            began = time.monotonic()
            found: List[Any] = []
            if self.looked_up < LOOK_UP:
                with contextlib.suppress(socket.gaierror, UnicodeError):
                    found = socket.getaddrinfo(attempt.address, attempt.port, 0, socket.SOCK_STREAM)
            self.looked_up += time.monotonic() - began
            self.names[key] = (found[0][0], found[0][4]) if found else None
        known = self.names[key]
        if known is None:
            raise OSError(errno.EADDRNOTAVAIL, "%s: not resolved" % attempt.address)
        return known

    def _send(self, attempt: Attempt) -> None:
        assert attempt.socket is not None  # noqa: S101 - only what is open is sent
        data = (
            self.greeting if attempt.protocol == "udp" else icmp.echo(attempt.socket, attempt.sent)
        )
        began = attempt.due - (min(0.6, self.timeout) if attempt.deaf else self.timeout)
        with contextlib.suppress(OSError):  # an ICMP error of the datagram before it
            attempt.at = time.time()
            attempt.times.append(attempt.at)
            attempt.socket.send(data)
        attempt.sends = began + AGAIN[attempt.sent] if attempt.sent < len(AGAIN) else 0.0
        attempt.sent += 1

    def _event(self, attempt: Attempt) -> None:
        if attempt.socket is None:
            return
        outcome, attempt.by = icmp.queued(attempt.socket, attempt.protocol)
        if outcome:
            self._ended(attempt, outcome)
        elif attempt.protocol == "tcp" and not attempt.outcome:
            failed = attempt.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failed:
                self._ended(attempt, icmp.of_errno(failed))
            else:
                self._connected(attempt)
        else:
            self._heard(attempt)

    def _connected(self, attempt: Attempt) -> None:
        if not attempt.hears:
            self._ended(attempt, "answered")
            return
        assert attempt.socket is not None  # noqa: S101 - its event came
        attempt.outcome = "answered"
        attempt.due = time.monotonic() + GREETING
        if attempt.listens:
            with contextlib.suppress(OSError):
                attempt.socket.send(self.greeting)
        self.selector.modify(attempt.socket, selectors.EVENT_READ, attempt)

    def _heard(self, attempt: Attempt) -> None:
        assert attempt.socket is not None  # noqa: S101 - its event came
        try:
            data = attempt.socket.recv(512)
        except BlockingIOError:
            return
        except OSError as error:
            outcome = attempt.outcome or icmp.of_errno(error.errno or 0)
            self._ended(attempt, outcome)
            return
        if attempt.protocol == "icmp":
            if not icmp.is_reply(attempt.socket, data):
                return
        elif data.startswith(b"kplay "):
            attempt.said = data[6:].split(b"\n")[0].decode("utf-8", "replace")
        self._ended(attempt, "answered")

    def _expire(self) -> None:
        now = time.monotonic()
        for attempt in list(self.open):
            if attempt.due <= now:
                self._ended(attempt, attempt.outcome or "silent")
            elif attempt.sends and attempt.sends <= now:
                self._send(attempt)

    def _ended(self, attempt: Attempt, outcome: str) -> None:
        self._close(attempt)
        left = self.start + self.patience - time.monotonic()
        if outcome == "refused" and attempt.listens and left > RETRY:
            self._later(attempt, RETRY)
            return
        attempt.outcome = outcome

    def _close(self, attempt: Attempt) -> None:
        self.open.discard(attempt)
        if attempt.socket is not None:
            with contextlib.suppress(KeyError, ValueError):
                self.selector.unregister(attempt.socket)
            attempt.socket.close()
            attempt.socket = None
        attempt.sends = 0.0


def _certificate(attempt: Attempt, timeout: float) -> str:
    """The certificate of what answers by TLS, as PEM, whoever signed it; empty where it does not.

    No name is asked for: K3s would put it into its certificate.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        plain = socket.create_connection((attempt.address, attempt.port), timeout)
        with plain, context.wrap_socket(plain) as wrapped:
            data = wrapped.getpeercert(True)
    except (OSError, ValueError):
        return ""
    return ssl.DER_cert_to_PEM_cert(data) if data else ""
