"""Running the programs of the controller that a lab is made with."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from kplay.errors import CommandError, KplayError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def run(
    argv: Sequence[str],
    *,
    stdin: str = "",
    timeout: float = 120.0,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a program to its end and return its standard output.

    Args:
        argv: program and arguments.
        stdin: text for its standard input.
        timeout: seconds; a program that takes longer is killed.
        env: its whole environment, or None for ours.

    Raises:
        CommandError: it is missing, ended with another status than 0, or took too long.
    """
    try:
        done = subprocess.run(
            list(argv),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            env=env,
            errors="replace",
        )
    except FileNotFoundError as error:
        raise CommandError(argv, 127, str(error)) from error
    except subprocess.TimeoutExpired as error:
        raise CommandError(argv, 124, f"still running after {timeout:.0f} s") from error
    if done.returncode != 0:
        raise CommandError(argv, done.returncode, done.stderr or done.stdout)
    return done.stdout


def run_logged(argv: Sequence[str], log: Path, *, timeout: float) -> None:
    """Run a long program with both its outputs in a file.

    Raises:
        CommandError: as ``run`` does, with the end of the file.
    """
    with log.open("wb") as sink:
        try:
            done = subprocess.run(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=timeout,
            )
        except subprocess.TimeoutExpired as error:
            raise CommandError(argv, 124, f"still running after {timeout:.0f} s") from error
    if done.returncode != 0:
        raise CommandError(argv, done.returncode, log.read_text(errors="replace"))


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
    import os

    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    wait = ("-o", "DPkg::Lock::Timeout=300")
    run(["apt-get", *wait, "update", "-qq"], timeout=600, env=env)
    install = ["apt-get", *wait, "install", "-y", "-qq", "--no-install-recommends", *missing]
    run(install, timeout=900, env=env)
    return missing
