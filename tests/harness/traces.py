"""What a host's overlay holds: every path that was written since the host was made."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from kplay import lab as labs


def written(lab: labs.Lab, host: str) -> dict[str, tuple[Any, ...]]:
    """Every path that a host has written since it was made, with what it is.

    The system's own journal is left out: every login adds to it, now in one file and now in
    another (systemd-journald(8), SplitMode). What a plan may not say to it is for tests to count.
    """
    upper = labs.upper_directory(lab, host)
    found: dict[str, tuple[Any, ...]] = {}
    for path in upper.rglob("*"):
        if path.is_relative_to(upper / "var/log/journal"):
            continue
        try:
            status = path.lstat()
            data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        except FileNotFoundError:
            continue
        digest = hashlib.sha256(data).hexdigest()
        mtime = 0 if path.is_dir() else status.st_mtime_ns
        name = re.sub(r"[0-9a-f]{32}", "MACHINE", f"/{path.relative_to(upper)}")
        found[name] = (status.st_mode, status.st_size, mtime, digest)
    return found


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    found = {path for path in before | after if before.get(path) != after.get(path)}
    # A directory's size changes with what is put into it
    return {path for path in found if not any(other.startswith(f"{path}/") for other in found)}


def logins(project: Any, host: str = "h3") -> set[str]:
    """What a login and sudo alone write: on a host that gets nothing else."""
    before = written(project.lab, host)
    for _ in range(2):
        project.on(host, "sudo true")
    return changed(before, written(project.lab, host))


LOGIN_RECORDS = {"/var/log/lastlog", "/var/log/wtmp", "/var/log/btmp"}
"""What sshd and PAM write of a login, some logins later than others."""
