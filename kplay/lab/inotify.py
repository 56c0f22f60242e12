"""The kernel's limits of inotify, which all containers of a machine share, and a lab's part.

Systemd, the kubelet, containerd and Kubernetes' own programs each hold some instances. The limit is
per user and not per container: root of every container is root (``man 7 inotify``). What goes
without then says "too many open files", which is not what it means.

How many a host takes was counted on the ready-made lab `1+2`, bare and as a cluster of kubeadm,
and is rounded up.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kplay.lab.representatives import leads

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from kplay.lab.model import Lab, LabHost

_PROC = Path("/proc")
_ROOT = 0
_WORD = re.compile(r"[^a-z0-9]+")
_KUBERNETES = {"k3s", "k8s", "kube", "kubernetes", "rke", "rke2"}
_NODES = {"agent", "agents", "node", "nodes", "worker", "workers"}
_EMFILE = "too many open files"


class Inotify(NamedTuple):
    """Instances of inotify, and watches in them."""

    instances: int
    watches: int


BARE = Inotify(7, 35)
"""What root takes on a bare host: systemd (5) and systemd-logind."""
NODE = Inotify(17, 120)
"""On a host that runs pods: also the kubelet (7), containerd (2) and kube-proxy."""
LEADER = Inotify(30, 250)
"""On one that has an API server (6) and a controller manager (7) as well."""
SHIMS = {BARE: 0, NODE: 3, LEADER: 8}
"""How many pods of the cluster itself a host runs: on cgroup v2 each pod's shim holds one more.

https://github.com/containerd/containerd/pull/11652
"""
RECOMMENDED = Inotify(512, 524288)
"""https://kind.sigs.k8s.io/docs/user/known-issues/#pod-errors-due-to-too-many-open-files."""
_NAMES = Inotify._fields
_DOCS = "docs/lab-nspawn.md#inotify"


def warning(
    lab: Lab, hosts: Iterable[LabHost], *, without: Collection[int] = (), proc: Path = _PROC
) -> str:
    """What to tell a user whose lab may not find enough; empty where there is enough.

    Args:
        lab: the lab.
        hosts: those of its hosts that are still to take theirs.
        without: processes that do not count as others: those of such hosts that run.
        proc: where the kernel tells of processes.
    """
    allowed = limits(proc)
    if allowed is None:
        return ""
    used = in_use(without=without, proc=proc)
    unified = (proc.parent / "sys/fs/cgroup/cgroup.controllers").exists()
    wanted = _sum(_wanted(lab, one, unified=unified) for one in hosts)
    lines, settings = [], []
    for name, limit, now, more, advice in zip(
        _NAMES, allowed, used, wanted, RECOMMENDED, strict=True
    ):
        if now + more > limit:
            lines.append(
                f"root has {now} inotify {name}, these hosts will take about {more} more, and"
                f" fs.inotify.max_user_{name} is {limit}"
            )
            settings.append(f"fs.inotify.max_user_{name}={_enough(now + more, advice)}")
    if not lines:
        return ""
    return "\n".join(
        [
            f"warning: {'; '.join(lines)}",
            ' = note: programs that go without fail with "too many open files"',
            f" = help: sudo sysctl -w {' '.join(settings)} ({_DOCS})",
        ]
    )


def diagnosis(said: str, *, proc: Path = _PROC) -> str:
    """Lines of help for a host that failed; empty unless it had "too many open files"."""
    allowed = limits(proc)
    if _EMFILE not in said.lower() or allowed is None:
        return ""
    used = in_use(proc=proc)
    advice = _enough(allowed.instances + 1, RECOMMENDED.instances)
    return (
        f" = note: root has {used.instances} inotify instances on this machine, those of containers"
        f" included, and fs.inotify.max_user_instances is {allowed.instances}\n"
        f" = help: where these are near each other: sudo sysctl -w"
        f" fs.inotify.max_user_instances={advice} ({_DOCS})"
    )


def limits(proc: Path = _PROC) -> Inotify | None:
    """What the kernel allows each user; None where it does not say."""
    try:
        found = [int((proc / f"sys/fs/inotify/max_user_{name}").read_text()) for name in _NAMES]
    except (OSError, ValueError):
        return None
    return Inotify(*found)


def in_use(
    *, without: Collection[int] = (), only: Collection[int] | None = None, proc: Path = _PROC
) -> Inotify:
    """What root's processes hold, as far as they can be seen.

    Args:
        without: processes that are left out.
        only: those that are looked at; None is all.
        proc: where the kernel tells of them.
    """
    processes = proc.iterdir() if only is None else [proc / str(one) for one in only]
    numbered = [one for one in processes if one.name.isdecimal()]
    return _sum(_of_process(one) for one in numbered if int(one.name) not in without)


def _of_process(process: Path) -> Inotify:
    """Nothing for a process that ended, is another user's, or may not be looked at."""
    instances = watches = 0
    try:
        uid = re.search(r"^Uid:\t(\d+)", (process / "status").read_text(), re.MULTILINE)
        files = list((process / "fd").iterdir()) if uid and int(uid[1]) == _ROOT else []
    except OSError:
        files = []
    for file in files:
        # Between the listing and the look at it a file may have been closed.
        with suppress(OSError):
            if str(file.readlink()) == "anon_inode:inotify":
                instances += 1
                watches += (process / "fdinfo" / file.name).read_text().count("inotify wd:")
    return Inotify(instances, watches)


def _sum(counts: Iterable[Inotify]) -> Inotify:
    every = list(counts)
    return Inotify(sum(one.instances for one in every), sum(one.watches for one in every))


def _wanted(lab: Lab, host: LabHost, *, unified: bool) -> Inotify:
    words = {name: set(_WORD.split(name.lower())) for name in _groups(lab, host)}
    every = [set(_WORD.split(name.lower())) for name in _all_groups(lab)]
    cluster = any(one & _KUBERNETES or {"control", "plane"} <= one for one in every)
    if cluster and any(map(leads, host.groups)):
        kind = LEADER
    elif cluster and any(one & (_KUBERNETES | _NODES) for one in words.values()):
        kind = NODE
    else:
        kind = BARE
    return kind._replace(instances=kind.instances + (SHIMS[kind] if unified else 0))


def _all_groups(lab: Lab) -> set[str]:
    return {one.name for one in lab.groups} | {name for host in lab.hosts for name in host.groups}


def _groups(lab: Lab, host: LabHost) -> set[str]:
    """The groups of a host, and those that these are children of."""
    found = set(host.groups)
    while more := {one.name for one in lab.groups if found & set(one.children)} - found:
        found |= more
    return found


def _enough(wanted: int, recommended: int) -> int:
    """What is recommended, or the next power of two where that is not enough either."""
    return max(recommended, 1 << (wanted - 1).bit_length())
