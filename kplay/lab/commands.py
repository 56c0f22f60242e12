"""Running the programs of the controller that a lab is made with."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from subprocess import PIPE
from typing import TYPE_CHECKING, Any

from kplay.errors import CommandError, KplayError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from threading import Event

GRACE = 3.0
"""Seconds that a program has to end by itself when kplay is interrupted."""


def run(
    argv: Sequence[str],
    *,
    stdin: str = "",
    timeout: float = 120.0,
    env: Mapping[str, str] | None = None,
    broken_off: Event | None = None,
    grace: float = GRACE,
) -> str:
    """Run a program to its end and return its standard output.

    It runs in a session of its own: a Ctrl-C at the terminal reaches kplay alone, which ends it.

    Args:
        argv: program and arguments.
        stdin: text for its standard input.
        timeout: seconds; a program that takes longer is killed.
        env: its whole environment, or None for ours.
        broken_off: once it is set the program is killed; for threads, which no signal reaches.
        grace: seconds that it has to end after an interrupt.

    Raises:
        CommandError: it is missing, ended with another status than 0, or took too long.
    """
    with _begun(argv, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=env) as process:
        deadline = time.monotonic() + timeout
        given: str | None = stdin
        while True:
            left = deadline - time.monotonic()
            wait = left if broken_off is None else min(left, 0.1)
            try:
                out, err = process.communicate(given, timeout=max(wait, 0))
                break
            except subprocess.TimeoutExpired as error:
                given = None
                stopped = broken_off is not None and broken_off.is_set()
                if stopped or time.monotonic() >= deadline:
                    end(process, grace=0)
                    said = "broken off" if stopped else f"still running after {timeout:.0f} s"
                    raise CommandError(argv, 124, said) from error
            except BaseException:
                end(process, grace=grace)
                raise
    if process.returncode != 0:
        raise CommandError(argv, process.returncode, err or out)
    return out


def run_logged(argv: Sequence[str], log: Path, *, timeout: float) -> None:
    """Run a long program with both its outputs in a file.

    Raises:
        CommandError: as ``run`` does, with the end of the file.
    """
    with (
        log.open("wb") as sink,
        _begun(argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT) as process,
    ):
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            end(process, grace=0)
            raise CommandError(argv, 124, f"still running after {timeout:.0f} s") from error
        except BaseException:
            end(process)
            raise
    if process.returncode != 0:
        raise CommandError(argv, process.returncode, log.read_text(errors="replace"))


def end(process: subprocess.Popen[str], *, grace: float = GRACE) -> bool:
    """End a program that leads a session of its own, with all that it started there.

    Args:
        process: the program.
        grace: seconds that it has after a SIGINT, the signal of a Ctrl-C; then it is killed.

    Returns:
        Whether it ended by itself.
    """
    if process.poll() is not None:
        return True
    if grace:
        _signal(process, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace)
            return True
    _signal(process, signal.SIGKILL)
    process.wait()
    return False


def _begun(argv: Sequence[str], **more: Any) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            list(argv), text=True, errors="replace", start_new_session=True, **more
        )
    except FileNotFoundError as error:
        raise CommandError(argv, 127, str(error)) from error


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def need_programs(packages: Mapping[str, str]) -> list[str]:
    """Install the Debian packages of programs that are missing; return what was installed.

    Args:
        packages: program name to the package that has it.

    Raises:
        KplayError: there is no apt-get to install them with.
        CommandError: apt-get failed.
    """
    missing = sorted({package for name, package in packages.items() if not shutil.which(name)})
    if not missing:
        return []
    if not shutil.which("apt-get"):
        raise KplayError(
            f"the lab needs these packages on the controller: {', '.join(missing)}; there is no"
            " apt-get here to install them with"
        )
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    wait = ("-o", "DPkg::Lock::Timeout=300")
    run(["apt-get", *wait, "update", "-qq"], timeout=600, env=env)
    install = ["apt-get", *wait, "install", "-y", "-qq", "--no-install-recommends", *missing]
    # Half an installed package would be worse than the wait for it.
    run(install, timeout=900, env=env, grace=900)
    return missing
