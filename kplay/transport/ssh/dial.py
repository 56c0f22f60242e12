"""Opens the hops to a host: sockets, key exchange, host key, login; bastions are shared."""

from __future__ import annotations

import logging
import random
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from kplay.errors import UnreachableError
from kplay.transport import hostkeys
from kplay.transport.base import RefusedError, ResolveError, TimeoutExpiredError
from kplay.transport.ssh.login import login

if TYPE_CHECKING:
    from kplay.transport.ssh.route import Hop

AT_ONCE = 8
"""Logins under way at one server: sshd drops some of more (MaxStartups 10:30:100)."""

ALIVE = 60
"""Seconds without any answer after which a peer is taken for gone, unless ssh options say so."""

WINDOW = 16 * 1024 * 1024
PACKET = 256 * 1024

logging.getLogger("paramiko").addHandler(logging.NullHandler())
logging.getLogger("paramiko").propagate = False

_paces: dict[tuple[str, int], threading.BoundedSemaphore] = {}
_paces_lock = threading.Lock()


@dataclass(eq=False)
class _Shared:
    """A bastion's transport and how many hosts go through it."""

    lock: threading.Lock
    transport: paramiko.Transport | None = None
    users: int = 0


_bastions: dict[Hop, _Shared] = {}
_bastions_lock = threading.Lock()


class _DroppedError(Exception):
    """The server closed before it said anything, as an overloaded sshd does."""


@dataclass(eq=False)
class Line:
    """An authenticated transport; close() lets go of its bastions too."""

    transport: paramiko.Transport
    hop: Hop

    def close(self) -> None:
        """End it."""
        self.transport.close()
        if self.hop.via is not None:
            release(self.hop.via)


def dial(hop: Hop, password: str, timeout: float, retries: int) -> Line:
    """Connect to a hop and log in, its bastions first.

    Raises:
        UnreachableError: one of its kinds says why.
    """
    for attempt in range(retries + 1):
        try:
            return _once(hop, password, timeout)
        except _DroppedError as error:
            if attempt == retries:
                where = f"{hop.address} port {hop.port}"
                text = f"{hop.label}: {where} closes the connection before login: {error}"
                raise UnreachableError(text) from error
            # Not a secret: spreads what was dropped together
            time.sleep(0.2 * 2**attempt * (0.5 + random.random()))  # noqa: S311
    raise AssertionError("not reached")


def _once(hop: Hop, password: str, timeout: float) -> Line:
    with _pace(hop.first):
        sock = _open(hop, timeout)
        try:
            transport = _handshake(hop, sock, timeout)
            try:
                _trust(hop, transport)
                login(transport, hop, password)
            except BaseException:
                transport.close()
                raise
        except BaseException:
            sock.close()
            if hop.via is not None:
                release(hop.via)
            raise
    transport.set_keepalive(max(1, min(15, (hop.alive or ALIVE) // 4)))
    # Each idle transport polls its socket at this interval, ten times a second by default
    sock.settimeout(5)
    return Line(transport, hop)


def _pace(first: Hop) -> threading.BoundedSemaphore:
    with _paces_lock:
        key = (first.address, first.port)
        return _paces.setdefault(key, threading.BoundedSemaphore(AT_ONCE))


def _open(hop: Hop, timeout: float) -> Any:
    if hop.via is not None:
        return _through(hop, hop.via, timeout)
    if hop.proxy_command:
        return _command(hop.proxy_command)
    try:
        found = socket.getaddrinfo(hop.address, hop.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        text = f"{hop.label}: the name `{hop.address}` has no address: {reason}"
        raise ResolveError(text) from error
    fault: OSError | None = None
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(timeout)
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, (hop.alive or ALIVE) * 1000
            )
        except OSError as error:
            sock.close()
            fault = error
        else:
            return sock
    raise _unreachable(hop, fault, timeout)


def _unreachable(hop: Hop, fault: OSError | None, timeout: float) -> UnreachableError:
    where = f"{hop.label}: {hop.address} port {hop.port}"
    if isinstance(fault, ConnectionRefusedError):
        return RefusedError(f"{where} refuses the connection: is sshd running there?")
    if isinstance(fault, TimeoutError):
        return TimeoutExpiredError(f"{where} does not answer within {timeout:g} s")
    return UnreachableError(f"{where}: {fault.strerror if fault else 'no address'}")


def _through(hop: Hop, via: Hop, timeout: float) -> paramiko.Channel:
    transport = share(via, timeout)
    try:
        return transport.open_channel(
            "direct-tcpip", (hop.address, hop.port), ("127.0.0.1", 0), timeout=timeout
        )
    except paramiko.ChannelException as error:
        release(via)
        text = (
            f"{hop.label}: {via.address} cannot reach {hop.address} port {hop.port}: {error.text}"
        )
        raise RefusedError(text) from error
    except (paramiko.SSHException, EOFError) as error:
        release(via)
        text = f"{hop.label}: no way through {via.address}: {error or 'it closed the connection'}"
        raise UnreachableError(text) from error


def _command(command: str) -> socket.socket:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}"],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    threading.Thread(target=process.wait, daemon=True).start()
    return ours


def share(hop: Hop, timeout: float) -> paramiko.Transport:
    """The transport to a bastion, made by the first that asks."""
    with _bastions_lock:
        shared = _bastions.setdefault(hop, _Shared(threading.Lock()))
        shared.users += 1
    try:
        with shared.lock:
            if shared.transport is None or not shared.transport.is_active():
                shared.transport = _bastion(hop, timeout)
            return shared.transport
    except BaseException:
        release(hop)
        raise


def _bastion(hop: Hop, timeout: float) -> paramiko.Transport:
    sock = _open(hop, timeout)
    transport = _handshake(hop, sock, timeout)
    try:
        _trust(hop, transport)
        login(transport, hop, "")
    except BaseException:
        transport.close()
        raise
    transport.set_keepalive(max(1, min(15, (hop.alive or ALIVE) // 4)))
    sock.settimeout(5)
    return transport


def release(hop: Hop) -> None:
    """One host less goes through a bastion; the last one closes it."""
    with _bastions_lock:
        shared = _bastions.get(hop)
        if shared is None:
            return
        shared.users -= 1
        if shared.users > 0:
            return
        del _bastions[hop]
    if shared.transport is not None:
        shared.transport.close()
        if hop.via is not None:
            release(hop.via)


def _handshake(hop: Hop, sock: Any, timeout: float) -> paramiko.Transport:
    began = time.monotonic()
    try:
        transport = paramiko.Transport(
            sock, default_window_size=WINDOW, default_max_packet_size=PACKET
        )
        transport.banner_timeout = timeout
        transport.handshake_timeout = timeout
        transport.auth_timeout = timeout
        _prefer(hop, transport)
        transport.start_client(timeout=timeout)
    except IncompatiblePeer as error:
        raise UnreachableError(
            f"{hop.label}: {hop.address} has no algorithm in common with kplay ({error}): "
            "set `ansible_ssh_transport: openssh` to connect through the ssh program"
        ) from error
    except (paramiko.SSHException, EOFError, ConnectionError) as error:
        text = str(error)
        if time.monotonic() - began > timeout * 0.9:
            raise _silent(hop, timeout) from error
        if "No existing session" in text or "banner" in text or isinstance(error, EOFError):
            raise _DroppedError(text or "nothing was said") from error
        if isinstance(error, ConnectionError):
            raise _DroppedError(str(error)) from error
        raise UnreachableError(f"{hop.label}: {hop.address}: {text}") from error
    # start_client() returns without a word when its time is over
    if not transport.initial_kex_done:
        transport.close()
        raise _silent(hop, timeout)
    return transport


def _silent(hop: Hop, timeout: float) -> TimeoutExpiredError:
    where = f"{hop.label}: {hop.address} port {hop.port}"
    text = f"{where} takes connections but does not finish the key exchange within {timeout:g} s"
    return TimeoutExpiredError(text)


def _prefer(hop: Hop, transport: paramiko.Transport) -> None:
    options = transport.get_security_options()
    fast = [name for name in options.ciphers if "gcm" in name]
    options.ciphers = [*fast, *(name for name in options.ciphers if name not in fast)]
    known = hostkeys.matching(hostkeys.read(hop.known_hosts), hop.key_name)
    types = [one.type for one in known if not one.marker]
    if "ssh-rsa" in types:
        types = [*types, "rsa-sha2-512", "rsa-sha2-256"]
    trusted = [name for name in options.key_types if name in types]
    options.key_types = [*trusted, *(name for name in options.key_types if name not in trusted)]


def _trust(hop: Hop, transport: paramiko.Transport) -> None:
    key = transport.get_remote_server_key()
    shown = hostkeys.Key(key.get_name(), key.asbytes())
    hostkeys.verify(
        hop.label,
        hop.key_name,
        shown,
        files=hop.known_hosts,
        strict=hop.strict,
        record_in=hop.record_in,
    )
