"""Run the programs that a build needs, showing what they say while they say it."""

from __future__ import annotations

import subprocess
import tempfile
from typing import TYPE_CHECKING

from kplay.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

NOT_FOUND = 127  # what a shell returns for a program that is not there


def run(
    argv: Sequence[str],
    *,
    say: Callable[[str], None],
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """Run ``argv``, pass each line of its standard error to ``say``, return its standard output.

    Raises:
        CommandError: it is not there, or ended with a status other than 0.
    """
    lines: list[str] = []
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                env=None if environment is None else dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
        except FileNotFoundError as error:
            raise CommandError(argv, NOT_FOUND, str(error)) from error
        with process:
            try:
                for line in process.stderr or ():
                    lines.append(line)
                    say(line.rstrip())
            except BaseException:
                process.terminate()
                raise
        output.seek(0)
        found = output.read()
    if process.returncode != 0:
        told = "".join(lines) or found.decode(errors="replace")
        raise CommandError(argv, process.returncode, told)
    return found
