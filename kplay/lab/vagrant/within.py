"""What a fault is within a Vagrant machine: shell that runs there as root, and what it tells.

A machine with a kernel of its own has a clock and a disk of its own too. A container has neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NO_NETEM = "kplay: no netem"
"""What ``slow`` says on a machine whose kernel lacks the queueing discipline."""
_FILL = "/kplay-lab-full"

# The interfaces that have one of the lab's addresses, or the one that this login came to.
_INTERFACES = """\
interfaces() {
    ip -o -4 address show | while read -r _ name _ address _; do
        for one in %(addresses)s "$(echo "$SSH_CONNECTION" | cut -d ' ' -f 3)"; do
            [ "${address%%/*}" != "$one" ] || echo "$name"
        done
    done | sort -u
}
"""
# One end of the round trip takes the whole delay; the queue holds what a fast link sends meanwhile.
_SLOW = """\
for link in $(interfaces); do
    said=$(tc qdisc replace dev "$link" root netem delay %(amount)dms limit 16384 2>&1) || {
        echo "$said" | grep -qiE 'unknown|no such file' && echo '%(no_netem)s' >&2
        echo "$said" >&2
        exit 1
    }
done
"""
# Blocks are reserved and not written, so that the image of a disk that grows does not grow.
_FULL = """\
fill=%(fill)s
touch "$fill"
for size in 1073741824 67108864 1048576 65536 4096; do
    while fallocate --offset "$(stat -c %%s "$fill")" --length "$size" "$fill" 2>/dev/null; do
        :
    done
done
sync
[ "$(stat -c %%s "$fill")" -gt 0 ]
"""
_CLOCK = """\
timedatectl set-ntp false 2>/dev/null || true
date --set "now %(by)+d seconds" >/dev/null
"""
_HEAL = """\
rm -f %(fill)s
for link in $(interfaces); do
    ! tc qdisc show dev "$link" 2>/dev/null | grep -q netem || tc qdisc del dev "$link" root
done
"""
_HEAL_CLOCK = """\
[ "$(cat /proc/sys/kernel/random/boot_id)" != %(boot)s ] ||
    date --set "now %(by)+d seconds" >/dev/null
[ %(ntp)s != yes ] || timedatectl set-ntp true
"""
_LOOK = """\
for link in $(interfaces); do
    tc qdisc show dev "$link" 2>/dev/null
done | grep -o 'delay [^ ]*' | head -n 1
[ ! -e %(fill)s ] || echo full-disk
echo "ntp $(timedatectl show --property NTP --value 2>/dev/null || echo no)"
echo "boot $(cat /proc/sys/kernel/random/boot_id)"
"""


def slow(addresses: Iterable[str], milliseconds: int) -> str:
    """Delay what leaves by the lab's interfaces."""
    return _shell(_SLOW, addresses, amount=milliseconds, no_netem=NO_NETEM)


def full() -> str:
    """Leave the root file system no free block."""
    return _shell(_FULL, fill=_FILL)


def clock(by: int) -> str:
    """Set the clock forward by seconds, and let nobody set it right."""
    return _shell(_CLOCK, by=by)


def heal(addresses: Iterable[str]) -> str:
    """Undo ``slow`` and ``full``; nothing to do is fine."""
    return _shell(_HEAL, addresses, fill=_FILL)


def heal_clock(by: int, boot: str, *, synchronised: bool) -> str:
    """Set the clock back by seconds if it is that boot's, and keep it right again where it was."""
    return _shell(_HEAL_CLOCK, by=-by, boot=boot, ntp="yes" if synchronised else "no")


def look(addresses: Iterable[str]) -> str:
    """Tell what ``told`` reads."""
    return _shell(_LOOK, addresses, fill=_FILL)


def told(text: str) -> dict[str, str]:
    """Read what ``look`` prints: ``delay``, ``full-disk`` (empty), ``ntp`` and ``boot``."""
    return {line.partition(" ")[0]: line.partition(" ")[2] for line in text.splitlines() if line}


def _shell(script: str, addresses: Iterable[str] = (), **more: object) -> str:
    head = "set -eu\n" + _INTERFACES % {"addresses": " ".join(addresses)}
    return head + script % more
