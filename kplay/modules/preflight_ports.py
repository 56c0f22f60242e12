"""Which of the ports that a cluster needs are taken on a host, and by what."""

import re
from typing import TYPE_CHECKING, Any, Dict, List, Set, Tuple

from kplay.modules import lines
from kplay.modules.api import Args, ModuleFailure, State
from kplay.modules.wait_for import address

if TYPE_CHECKING:
    from kplay.agent.host import Probe

LISTEN = "0A"
TUNNELS = re.compile(r"^(flannel|cilium|vxlan|cali|geneve|wireguard\.cali)")
"""Devices of the networks of pods: flannel.1, flannel-wg, cilium_vxlan, vxlan.calico …"""
PODS = ("kubepods", "cri-containerd", "libpod")
"""Parts of the cgroup of what a kubelet started."""


def look(probe: "Probe", args: Args) -> State:
    """Find who holds each port; ``own`` names the units whose processes may."""
    wanted: Set[Tuple[str, int]] = set()
    for one in args.get("ports") or []:
        if one.get("protocol", "tcp") in ("tcp", "udp"):
            wanted.add((str(one.get("protocol", "tcp")), int(one["port"])))
    inodes = listening(probe, wanted)
    holders = processes(probe, {inode for pairs in inodes.values() for inode in pairs})
    own = [str(one) for one in args.get("own") or []]
    taken = []
    for protocol, port in sorted(inodes):
        held = [holders[one] for one in sorted(inodes[protocol, port]) if one in holders]
        holder = held[0] if held else {"name": "", "pid": 0, "cgroup": ""}
        # root sees every process, so that what none of them has is a tunnel or the like
        kernel = not held and probe.facts()["uid"] == 0
        mine = (kernel and protocol == "udp" and _tunnels(probe)) or _is_own(holder, own)
        name = "the kernel" if kernel else holder["name"] or "a process that cannot be seen"
        taken.append(
            {"protocol": protocol, "port": port, "by": name, "pid": holder["pid"], "own": mine}
        )
    return {"taken": taken}


def listening(probe: "Probe", wanted: Set[Tuple[str, int]]) -> Dict[Tuple[str, int], Set[str]]:
    """Give the sockets, by inode, that hold wanted ports."""
    found: Dict[Tuple[str, int], Set[str]] = {}
    if not wanted:
        return found
    for file in ("tcp", "tcp6", "udp", "udp6"):
        for line in lines.of(probe, "/proc/net/" + file)[1:]:
            words = line.split()
            if len(words) < 10 or (file[:3] == "tcp" and words[3] != LISTEN):
                continue
            key = (file[:3], address(words[1])[1])
            # a connected UDP socket is a client's
            if key in wanted and (key[0] == "tcp" or int(words[2].rpartition(":")[2], 16) == 0):
                found.setdefault(key, set()).add(words[9])
    return found


def processes(probe: "Probe", inodes: Set[str]) -> Dict[str, Dict[str, Any]]:
    """Give the process that holds each socket; root alone sees those of others."""
    found: Dict[str, Dict[str, Any]] = {}
    left = set(inodes)
    if not left:
        return found
    for pid in [one for one in probe.listdir("/proc") if one.isdigit()]:
        try:
            descriptors = probe.listdir("/proc/%s/fd" % pid)
        except ModuleFailure:
            continue
        for number in descriptors:
            try:
                stat = probe.lstat("/proc/%s/fd/%s" % (pid, number))
            except ModuleFailure:
                continue
            target = stat.target if stat is not None else ""
            if target.startswith("socket:[") and target[8:-1] in left:
                found[target[8:-1]] = {
                    "name": lines.text(probe, "/proc/%s/comm" % pid),
                    "pid": int(pid),
                    "cgroup": lines.text(probe, "/proc/%s/cgroup" % pid),
                }
                left.discard(target[8:-1])
        if not left:
            break
    return found


def _tunnels(probe: "Probe") -> bool:
    """Whether a network of pods has made its tunnels on the host."""
    return any(TUNNELS.match(name) for name in probe.listdir("/sys/class/net"))


def _is_own(holder: Dict[str, Any], own: List[str]) -> bool:
    """Whether a process belongs to one of the cluster's units, or to a pod."""
    parts = set(holder["cgroup"].replace("\n", "/").split("/"))
    if any(one in parts for one in own):
        return True
    return any(word in part for part in parts for word in PODS)
