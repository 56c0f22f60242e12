"""Faults on Vagrant machines: by the provider's means at the cable and plug, by shell within.

Which hosts were given a fault is kept in the lab's directory, so that a lab without one is not
asked; what stands is looked at on the machine, since a reboot from within ends some faults.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from kplay.errors import CommandError, KplayError
from kplay.lab.commands import run
from kplay.lab.not_up import host_not_up
from kplay.lab.nspawn.place import read_json, write_json
from kplay.lab.vagrant import links, within
from kplay.lab.vagrant.connection import login
from kplay.lab.vagrant.limits import CONTAINERS
from kplay.lab.vagrant.networks import addresses
from kplay.lab.vagrant.reach import reach

if TYPE_CHECKING:
    from kplay.lab.fault import Fault
    from kplay.lab.model import Lab
    from kplay.lab.vagrant.program import Vagrant

_AS_ROOT = ("sudo", "env", '"SSH_CONNECTION=$SSH_CONNECTION"', "sh", "-s")


class Site(NamedTuple):
    """A host that was made: its lab with every network settled, its name, and who made it."""

    vagrant: Vagrant
    lab: Lab
    host: str

    @property
    def provider(self) -> str:
        """The Vagrant provider that made the host."""
        return self.vagrant.place.made()[self.host][0]

    @property
    def machine(self) -> str:
        """What that provider calls the host's machine."""
        return self.vagrant.place.machine(self.host, self.provider)

    def remembered(self) -> dict[str, Any]:
        """What was kept of the host's faults: ``cut``, and ``ntp``, ``ahead`` and ``boot``."""
        found = read_json(self.vagrant.place.faults).get(self.host)
        return found if isinstance(found, dict) else {}

    def remember(self, facts: dict[str, Any] | None) -> None:
        """Keep that the host was given a fault, or with None that it has none."""
        known = {**read_json(self.vagrant.place.faults), self.host: facts}
        kept = {host: one for host, one in known.items() if one is not None}
        write_json(self.vagrant.place.faults, kept)

    def root(self, script: str, *, seconds: float = 60.0) -> str:
        """Run a shell script on the host as root and return what it printed."""
        try:
            at = reach(self.vagrant, self.host)[self.host]
        except (CommandError, KeyError) as error:
            raise host_not_up(self.lab, self.host) from error
        argv = login(self.vagrant.place, self.host, at, user="", command=_AS_ROOT)
        return run(argv, stdin=script, timeout=seconds)

    def addresses(self) -> list[str]:
        """The host's addresses in the lab's networks."""
        host = next(one for one in self.lab.hosts if one.name == self.host)
        return list(addresses(self.lab, host).values())


def bring(site: Site, fault: Fault) -> None:
    """Bring a fault about on a running host, any but ``reboot``.

    Raises:
        KplayError: no such host can have it.
        CommandError: the provider's program is missing or failed, or a program of the host did.
    """
    if fault.kind in ("full-disk", "clock") and site.provider in CONTAINERS:
        whose = {"full-disk": "disk", "clock": "clock"}[fault.kind]
        raise KplayError(
            f"host `{site.host}` is a container of {site.provider} and shares the {whose} of this"
            " machine; virtual machines have one of their own"
        )
    known = site.remembered()
    if fault.kind == "cut":
        links.set_cables(site.provider, site.machine, connected=False)
        site.remember({**known, "cut": True})
        return
    ahead = 0
    if fault.kind == "clock":
        # By how far, not to what: a login may take long, and what it was told be late.
        told = within.told(site.root(within.look(site.addresses())))
        ahead = known.get("ahead", 0) if known.get("boot") == told["boot"] else 0
        known.setdefault("ntp", told["ntp"] == "yes")
        known.update(ahead=fault.amount, boot=told["boot"])
    # Before it is done: what breaks half-way is to be healed as well.
    site.remember(known)
    try:
        site.root(_script(site, fault, ahead), seconds=300.0)
    except CommandError as error:
        if within.NO_NETEM in str(error):
            raise KplayError(
                f"the kernel of host `{site.host}` has no netem, which makes a link slow; nspawn"
                " hosts have slow links on any kernel"
            ) from error
        raise


def standing(site: Site) -> list[str]:
    """The faults that stand: ``cut`` alone where the host cannot be asked for the others."""
    known = site.remembered()
    if known.get("cut") and not links.connected(site.provider, site.machine):
        return ["cut"]
    if site.host not in given(site.vagrant):
        return []
    told = within.told(site.root(within.look(site.addresses())))
    found = []
    if "delay" in told:
        found.append(f"slow {_milliseconds(told['delay'])}ms")
    if "full-disk" in told:
        found.append("full-disk")
    if known.get("boot") == told["boot"]:
        found.append(f"clock {known['ahead']:+d}s")
    return found


def heal(site: Site) -> bool:
    """Take every fault of a running host away; say whether it had been given one."""
    if site.host not in given(site.vagrant):
        return False
    known = site.remembered()
    reconnect(site)
    script = within.heal(site.addresses())
    if "ntp" in known:
        script += within.heal_clock(known["ahead"], known["boot"], synchronised=known["ntp"])
    # A link that is back takes a while to carry again, an address to be leased.
    deadline = time.monotonic() + (60 if known.get("cut") else 0)
    while True:
        try:
            site.root(script)
        except KplayError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
        else:
            break
    site.remember(None)
    return True


def reconnect(site: Site) -> None:
    """Put the cables of a host in again that were taken out; one that does not run has none."""
    if site.remembered().get("cut"):
        with suppress(CommandError):
            links.set_cables(site.provider, site.machine, connected=True)


def given(vagrant: Vagrant) -> list[str]:
    """The hosts that were given faults and are still there, sorted."""
    return sorted(read_json(vagrant.place.faults).keys() & vagrant.place.made().keys())


def _script(site: Site, fault: Fault, ahead: int) -> str:
    if fault.kind == "slow":
        return within.slow(site.addresses(), fault.amount)
    if fault.kind == "full-disk":
        return within.full()
    return within.clock(fault.amount - ahead)


def _milliseconds(delay: str) -> int:
    """What tc prints as ``50ms``, ``50.0ms`` or ``2s``."""
    for unit, factor in (("ms", 1.0), ("us", 0.001), ("s", 1000.0)):
        if delay.endswith(unit):
            return round(float(delay.removesuffix(unit)) * factor)
    return 0
