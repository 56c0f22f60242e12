"""A slow link: a gap in a host's cable, over which a process carries every frame a while later.

The gap is made at the bridge's end, so the machine keeps its interface, addresses and routes::

    eth0 (host) -- port | delay.py | wire -- slow (bridge)
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.errors import CommandError, KplayError
from kplay.lab.commands import run
from kplay.lab.nspawn import machine
from kplay.lab.nspawn.place import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.lab.nspawn.cable import Cable
    from kplay.lab.nspawn.place import HostPlace

_PROGRAM = Path(__file__).with_name("delay.py")


def begin(files: HostPlace, space: str, cables: Sequence[Cable], milliseconds: int) -> None:
    """Make a host's cables slow: the round trip over them takes that much longer.

    Args:
        files: the host's files.
        space: the namespace of the bridges.
        cables: all of the host's cables.
        milliseconds: what is added to a round trip, half of it on either way.

    Raises:
        KplayError: the process that carries the frames did not start.
        CommandError: a link could not be made.
    """
    end(files, space, cables)
    write_json(files.slow, {"milliseconds": milliseconds})
    for cable in cables:
        slow, wire = _names(cable)
        run(["ip", "-n", space, "link", "add", slow, "type", "veth", "peer", "name", wire])
        # What goes in is cut to frames that a wire carries, tunnels' too, which packet sockets
        # cannot tell from others once they are joined to larger ones.
        _whole_frames(space, slow, whole=True)
        _whole_frames(cable.space, cable.interface, whole=True)
        for name in (wire, cable.port):
            _silence(space, name)
        run(["ip", "-n", space, "link", "set", wire, "arp", "off", "up"])
        run(["ip", "-n", space, "link", "set", cable.port, "nomaster", "arp", "off"])
        run(["ip", "-n", space, "link", "set", slow, "master", cable.bridge, "up"])
    _carry(files, space, cables, milliseconds / 2000)


def end(files: HostPlace, space: str, cables: Sequence[Cable]) -> None:
    """Make a host's cables whole again; nothing to do is fine."""
    if not files.slow.exists():
        return
    stop(files)
    for cable in cables:
        with suppress(CommandError):
            run(["ip", "-n", space, "link", "delete", _names(cable)[0]])
        with suppress(CommandError):
            run(["ip", "-n", space, "link", "set", cable.port, "master", cable.bridge, "arp", "on"])
        with suppress(CommandError):
            _whole_frames(cable.space, cable.interface, whole=False)
    files.slow.unlink(missing_ok=True)


def stop(files: HostPlace, *, seconds: float = 10.0) -> None:
    """End the process that carries a host's frames, and wait until it is gone.

    Raises:
        KplayError: it was still there after that many seconds.
    """
    identity = _identity(files)
    process = machine.alive(identity)
    identity.unlink(missing_ok=True)
    deadline = time.monotonic() + seconds
    while process is not None and machine.start_time(process) is not None:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise KplayError(f"the process {process} that delays frames does not die")
        time.sleep(0.01)


def milliseconds(files: HostPlace) -> int:
    """What a host's round trips are longer by; 0 when its link is not slow."""
    if machine.alive(_identity(files)) is None:
        return 0
    return int(read_json(files.slow).get("milliseconds", 0))


def _carry(files: HostPlace, space: str, cables: Sequence[Cable], seconds: float) -> None:
    identity = _identity(files)
    argv = ["setsid", "--fork", "nsenter", f"--net=/run/netns/{space}"]
    argv += ["sh", "-ec", machine.IDENTIFY + 'shift; exec "$@"', "kplay-lab", str(identity)]
    argv += [sys.executable, "-I", "-S", str(_PROGRAM), str(identity), str(seconds)]
    argv += [name for cable in cables for name in (cable.port, _names(cable)[1])]
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd="/", check=False
    )
    if done.stdout != "ready\n":
        raise CommandError(argv, 1, done.stderr or "it ended at once")


def _identity(files: HostPlace) -> Path:
    return files.path / "slow-identity"


def _names(cable: Cable) -> tuple[str, str]:
    number = cable.port.removeprefix("port")
    return f"slow{number}", f"wire{number}"


def _whole_frames(space: str, link: str, *, whole: bool) -> None:
    segments = "1" if whole else "65535"
    run(["ip", "-n", space, "link", "set", link, "gso_max_segs", segments])


def _silence(space: str, link: str) -> None:
    """Let this kernel send nothing of its own by a link."""
    path = f"/proc/sys/net/ipv6/conf/{link}/disable_ipv6"
    with suppress(CommandError):
        run(["nsenter", f"--net=/run/netns/{space}", "tee", path], stdin="1")
