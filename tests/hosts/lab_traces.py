"""What a lab leaves on the controller while it is up, and must not leave behind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.lab.nspawn.network import controller_link

if TYPE_CHECKING:
    from kplay import lab as labs


def traces(lab: labs.Lab) -> list[str]:
    """Everything on the controller that bears the lab's name, or is of its network."""
    found = [f"state {path}" for path in Path("/var/lib/kplay-lab").glob(lab.name)]
    found += [f"namespace {path}" for path in Path("/run/netns").glob(f"kplay-{lab.name}*")]
    found += [f"run {path}" for path in Path("/run/systemd/nspawn").glob(f"*/{lab.name}*")]
    found += [
        f"cgroup {path}" for path, _, _ in os.walk("/sys/fs/cgroup") if f"kplay-{lab.name}-" in path
    ]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"/{lab.name}/hosts/" in command or f"--machine={lab.name}-" in command:
            found.append(f"process {process.name} {command}")
    found += [
        f"mount {line}"
        for line in Path("/proc/self/mounts").read_text().splitlines()
        if f"/{lab.name}/" in line or f"kplay-{lab.name}" in line
    ]
    ours = (controller_link(lab.name, number) for number in range(8))
    found += [f"link {name}" for name in ours if Path("/sys/class/net", name).exists()]
    return found
