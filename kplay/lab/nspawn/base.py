"""The Debian tree that the hosts of a lab share, built once and kept in the cache."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.lab.commands import need_programs, run, run_logged
from kplay.lab.nspawn.place import BESIDE, cache, held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# What a bare host has before any playbook: an init, SSH, Python, and the tools a person expects.
PACKAGES = (
    "apt", "ca-certificates", "dbus", "e2fsprogs", "iproute2", "iptables", "iputils-ping", "kmod",
    "less", "libpam-systemd", "netbase", "openssh-server", "procps", "python3", "sudo", "systemd",
    "systemd-sysv",
)  # fmt: skip
USERS = {"kplay": "ALL=(ALL:ALL) NOPASSWD:ALL", "ops": "ALL=(ALL:ALL) ALL"}
# mmdebstrap mounts /proc, /sys and /dev in the tree. In namespaces of its own these cannot be left
# behind, and it ends with us, however we end.
_CONTAINED = (
    "setpriv", "--pdeathsig", "KILL",
    "unshare", "--mount", "--propagation", "private", "--pid", "--mount-proc", "--fork",
    "--kill-child",
)  # fmt: skip
# Raised when ``_finish`` changes, so that trees made by an older one are not taken.
_REVISION = "2"
RELEASES = {"debian-12": "bookworm", "debian-13": "trixie"}
"""The Debian releases that mmdebstrap makes trees of, by the lab file's word for them."""
_FILES = Path(__file__).parent / "files"
_IN_TREE = {
    "lab-boot": ("usr/local/lib/kplay-lab/boot", 0o755),
    "kplay-lab.service": ("etc/systemd/system/kplay-lab.service", 0o644),
    "systemd-fsck@.service": ("etc/systemd/system/systemd-fsck@.service", 0o644),
}
# Timers that would reach for the network or a disk, and a login prompt nobody sees.
_MASKED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "console-getty.service", "dpkg-db-backup.timer",
    "e2scrub_all.timer", "e2scrub_reap.service", "systemd-networkd-wait-online.service",
)  # fmt: skip


def digest(os: str, packages: Iterable[str]) -> str:
    """Sixteen hexadecimal digits that name a tree by all that goes into it."""
    parts = [_REVISION, RELEASES[os], *sorted({*PACKAGES, *packages}), *_MASKED]
    parts += [f"{user} {rule}" for user, rule in USERS.items()]
    parts += [(_FILES / name).read_text() for name in sorted(_IN_TREE)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def base_tree(os: str, packages: Sequence[str], progress: Callable[[str], None]) -> Path:
    """The tree of an operating system with packages, built now if the cache lacks it.

    A build that is cut short leaves ``….partial``, which the next build removes.

    Args:
        os: the lab file's word for it, one of ``RELEASES``.
        packages: Debian packages on top of those that every host has.
        progress: called with a short message.

    Raises:
        KplayError: a program is missing and cannot be installed, or mmdebstrap failed.
    """
    place = cache()
    tree = place / f"base-{digest(os, packages)}"
    if tree.is_dir():
        return tree
    with held(place / f"{tree.name}.lock"):
        if tree.is_dir():
            return tree
        need_programs({"mmdebstrap": "mmdebstrap"})
        partial = place / f"{tree.name}.partial"
        if partial.exists():
            run(["rm", "-rf", "--one-file-system", str(partial)])
        progress(f"building the base tree: {os}, about a minute")
        included = ",".join(sorted({*PACKAGES, *packages}))
        log = place / f"{tree.name}.log"
        argv = [*_CONTAINED, "mmdebstrap", "--mode=root", "--format=directory"]
        argv += ["--variant=minbase"]
        argv += [f"--include={included}", RELEASES[os], str(partial)]
        run_logged(argv, log, timeout=1800)
        _finish(partial)
        partial.rename(tree)
        progress("base tree built")
    return tree


def _finish(tree: Path) -> None:
    """Add users, the boot unit, and take out what every host must have of its own."""
    for user, rule in USERS.items():
        run(["chroot", str(tree), "useradd", "--create-home", "--shell", "/bin/bash", user])
        sudoers = tree / "etc/sudoers.d" / user
        sudoers.write_text(f"{user} {rule}\n")
        sudoers.chmod(0o440)
    for name, (target, mode) in _IN_TREE.items():
        (tree / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_FILES / name, tree / target)
        (tree / target).chmod(mode)
    run(["chroot", str(tree), "systemctl", "enable", "--quiet", "kplay-lab.service"])
    run(["chroot", str(tree), "systemctl", "mask", "--quiet", *_MASKED])
    for key in tree.glob("etc/ssh/ssh_host_*"):
        key.unlink()
    for name in ("etc/machine-id", "etc/resolv.conf"):
        (tree / name).unlink(missing_ok=True)
        (tree / name).touch(0o644)
    for path, mode in BESIDE.items():
        (tree / path.lstrip("/")).mkdir(mode=mode, exist_ok=True)
