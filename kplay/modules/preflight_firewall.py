"""Chains of a host's packet filter that let through only what they name."""

import json
from typing import TYPE_CHECKING, Any, Dict, List

from kplay.modules import lines

if TYPE_CHECKING:
    from kplay.agent.host import Probe

HOOKS = ("input", "forward")


def look(probe: "Probe") -> List[Dict[str, str]]:
    """Give chains on the way in or through whose policy is to drop.

    Neither program is asked where the kernel has no rules: asking would load its modules.
    """
    if probe.stat("/sys/module/nf_tables") is not None and probe.which("nft"):
        return nftables(probe.query(["nft", "-j", "list", "ruleset"]).stdout)
    names = lines.of(probe, "/proc/net/ip_tables_names")
    if "filter" in names and probe.which("iptables-save"):
        return iptables(probe.query(["iptables-save", "-t", "filter"]).stdout)
    return []


def nftables(said: str) -> List[Dict[str, str]]:
    """Read the base chains of a ruleset in JSON."""
    try:
        listed = json.loads(said).get("nftables", []) if said.strip() else []
    except ValueError:
        return []
    found = []
    for one in listed:
        chain: Dict[str, Any] = one.get("chain") or {}
        if chain.get("hook") in HOOKS and chain.get("policy") == "drop":
            name = "nftables %s %s" % (chain.get("family", ""), chain.get("table", ""))
            found.append({"hook": str(chain["hook"]), "chain": name.strip()})
    return found


def iptables(said: str) -> List[Dict[str, str]]:
    """Read the policies that iptables-save prints."""
    found = []
    for line in said.splitlines():
        words = line.split()
        if line.startswith(":") and len(words) > 1 and words[1] == "DROP":
            hook = words[0][1:].lower()
            if hook in HOOKS:
                found.append({"hook": hook, "chain": "iptables " + words[0][1:]})
    return found
