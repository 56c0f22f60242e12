"""One machine: booting it so that it outlives us, knowing whether it runs, stopping it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.errors import CommandError
from kplay.lab import inotify
from kplay.lab.nspawn import cgroups, disks
from kplay.lab.nspawn.place import BESIDE, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.lab.nspawn.place import HostPlace

IDENTIFY = """
identity=$1
read -r stat </proc/$$/stat
(set -- $stat; echo "$1 ${22}" >"$identity.new"; mv "$identity.new" "$identity")
"""
"""Shell: writes number and start time of the shell, and of what it becomes, to the file ``$1``."""
# Writes who it is, mounts the overlay where only the machine sees it (so no mount is left when it
# dies), and keeps the machine: systemd-nspawn ends with 133 when the machine asks for a reboot.
# The machine's own cgroups are entered below, by a child, since cgroup v2 hands no controllers
# from a cgroup that holds processes itself. $1 is the file for number and start time, $2 the
# overlay's options, $3 its root, $4 the cgroup.procs files (no blanks in them), then the command.
_KEEP = f"""{IDENTIFY}
layers=$2 root=$3 cgroups=$4; shift 4
mount -t overlay overlay -o "$layers" "$root"
status=133
while [ "$status" -eq 133 ]; do
    status=0
    sh -ec 'for into in $1; do echo $$ >"$into"; done; shift; exec "$@"' machine "$cgroups" "$@" \\
        || status=$?
done
exit "$status"
"""
_CALLS = "@keyring bpf @mount @module"


def boot(
    files: HostPlace,
    machine: str,
    hostname: str,
    base: Path,
    network: str,
    *,
    cpus: int = 1,
    sizes: Sequence[int] = (),
) -> None:
    """Start a machine; returns as soon as its process stands, long before SSH answers.

    Args:
        files: the host's files; its ``given`` layer is filled.
        machine: the machine's name, unique on this controller; its cgroups get it too.
        hostname: what the machine calls itself.
        base: the tree at the bottom of the overlay.
        network: path of its network namespace.
        cpus: its share of the processors, beside other machines.
        sizes: its data disks, in GiB.

    Raises:
        CommandError: the process ended at once.
        KplayError: its disks could not be given to it.
    """
    directories = cgroups.make(f"kplay-{machine}", cpus)
    write_json(files.process, {"cgroups": [str(path) for path in directories]})
    identity = files.path / "identity"
    identity.unlink(missing_ok=True)
    layers = f"lowerdir={files.given}:{base},upperdir={files.upper},workdir={files.work}"
    # In the machine's network namespace from the start, because the /sys that systemd-nspawn
    # mounts shows the interfaces of the namespace that it was started in.
    argv = ["setsid", "--fork", "nsenter", f"--net={network}"]
    argv += ["unshare", "--mount", "--propagation", "private"]
    argv += ["sh", "-ec", _KEEP, "kplay-lab", str(identity), layers, str(files.root)]
    argv += [" ".join(str(path / "cgroup.procs") for path in directories)]
    disks.make(files, sizes)
    argv += _nspawn(files, machine, hostname, network, disks.attach(files, sizes))
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "1",
        "SYSTEMD_NSPAWN_LOCK": "0",
    }
    with files.console.open("ab") as console:
        subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            env=environment,
            cwd="/",
            check=True,
            start_new_session=True,
        )
    deadline = time.monotonic() + 10
    while not identity.exists():
        if time.monotonic() > deadline:
            said = console_end(files)
            raise CommandError(argv, 1, f"{said}\n{inotify.diagnosis(said)}")
        time.sleep(0.02)


def _nspawn(
    files: HostPlace,
    machine: str,
    hostname: str,
    network: str,
    devices: Sequence[tuple[str, str]],
) -> list[str]:
    return [
        "systemd-nspawn",
        "--quiet",
        "--register=no",
        "--keep-unit",
        f"--directory={files.root}",
        f"--machine={machine}",
        f"--hostname={hostname}",
        f"--network-namespace-path={network}",
        "--capability=all",
        # There is one clock for all: a host that first sets its time zone would warp it.
        "--drop-capability=CAP_SYS_TIME",
        f"--system-call-filter={_CALLS}",
        "--bind=/dev/kmsg",
        *(f"--bind={files.disk / Path(path).name}:{path}" for path in BESIDE),
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
        "--console=read-only",
        # By its own name too: that is where programs look that search all devices for a UUID.
        *(f"--bind={device}:{name}" for device, name in devices),
        *(f"--bind={device}" for device, _ in devices),
        # Instead of --boot, so that the init finds /sys read-only when it starts: it then waits
        # for no device to be announced, which here none ever is, before it mounts what is on it.
        # lab-boot makes it writable.
        "--kill-signal=SIGRTMIN+3",
        "/bin/sh",
        "-ec",
        'mount -o remount,bind,ro /sys; exec /lib/systemd/systemd "$@"',
        "init",
        # systemd 256 and 257 refuse to run below cgroup v1 until their command line says this.
        "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1",
    ]


def running(files: HostPlace) -> bool:
    """Whether the very process that was started for a host is alive."""
    return keeper(files) is not None


def keeper(files: HostPlace) -> int | None:
    """The number of the process that keeps a host's machine; None when it has ended."""
    return alive(files.path / "identity")


def alive(identity: Path) -> int | None:
    """The number of the process that wrote that identity; None when it has ended."""
    try:
        number, start = identity.read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return int(number) if start_time(int(number)) == int(start) else None


def members(files: HostPlace) -> list[int]:
    """The numbers of a machine's processes, its init last; empty when it does not run."""
    found: list[int] = []
    inits: list[int] = []
    for process in cgroups.processes(_cgroups(files)):
        with suppress(OSError):
            status = Path(f"/proc/{process}/status").read_text()
            numbers = next(
                (line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), []
            )
            # Two namespaces see a machine's processes, more those of the containers in it;
            # systemd-nspawn itself is in the first one only.
            if len(numbers) > 1:
                (inits if numbers[1:] == ["1"] else found).append(process)
    return [*found, *inits] if inits else []


def start_time(process: int) -> int | None:
    """When a process began, in clock ticks since the kernel booted; None for a dead one."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def shut_down(files: HostPlace, *, seconds: float) -> bool:
    """Have a running machine's init stop its units and end; say whether it did in time.

    systemd-nspawn passes a SIGTERM on as the signal that asks an init to halt.
    """
    process = keeper(files)
    if process is None:
        return True
    deadline = time.monotonic() + seconds
    asked = False
    while keeper(files) is not None and time.monotonic() < deadline:
        if not asked:
            # The keeper's one child is systemd-nspawn, once it has entered its cgroups.
            children = Path(f"/proc/{process}/task/{process}/children")
            with suppress(OSError):
                for child in children.read_text().split():
                    if Path(f"/proc/{child}/comm").read_text().strip() == "systemd-nspawn":
                        os.kill(int(child), signal.SIGTERM)
                        asked = True
        time.sleep(0.02)
    return keeper(files) is None


def freeze(files: HostPlace) -> None:
    """Hold every process of a machine where it is.

    Raises:
        KplayError: it cannot be frozen, and runs on.
    """
    cgroups.freeze(_cgroups(files))


def thaw(files: HostPlace) -> None:
    """Let a machine's processes go on; nothing to do is fine."""
    cgroups.thaw(_cgroups(files))


def stop(files: HostPlace) -> None:
    """Kill a machine, all its processes at once; remove its cgroups and free its disks.

    Killed are its keeper, known by number and start time, and what is in the cgroups that were
    made for it.

    Raises:
        KplayError: something of it does not go away.
    """
    process = keeper(files)
    if process is not None:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    cgroups.clear(_cgroups(files))
    disks.detach(files)
    (files.path / "identity").unlink(missing_ok=True)


def _cgroups(files: HostPlace) -> list[Path]:
    return [Path(path) for path in read_json(files.process).get("cgroups", [])]


def forget(machine: str) -> None:
    """Remove what systemd-nspawn keeps of a machine under /run."""
    propagate = Path("/run/systemd/nspawn/propagate", machine)
    if propagate.is_dir() and not os.path.ismount(propagate):
        propagate.rmdir()


def console_end(files: HostPlace) -> str:
    """The last 20 lines that a machine wrote on its console."""
    try:
        text = files.console.read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(json.dumps(line)[1:-1] for line in text.splitlines()[-20:])
