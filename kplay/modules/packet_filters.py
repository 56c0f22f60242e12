"""Chains of Kubernetes and of its pods' network in a host's packet filters."""

import re
from typing import TYPE_CHECKING, List

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

CHAINS = re.compile(r"(?:KUBE-|CNI-|FLANNEL-|cali-|CILIUM_)")


def holding(probe: "Probe") -> List[str]:
    """Name the packet filters that hold such chains: iptables, ip6tables."""
    found = []
    for program in ("iptables", "ip6tables"):
        if probe.which(program + "-save"):
            saved = probe.query([program + "-save"])
            lines = saved.stdout.splitlines()
            if any(line.startswith(":") and CHAINS.search(line) for line in lines):
                found.append(program)
    return found


def clear(host: "Host", program: str) -> None:
    """Take the chains of Kubernetes out of a packet filter, and leave the others' rules."""
    saved = host.run([program + "-save"])
    kept = [line for line in saved.stdout.splitlines() if not CHAINS.search(line)]
    host.run([program + "-restore"], stdin="\n".join(kept) + "\n")
