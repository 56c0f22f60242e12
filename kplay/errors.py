"""Every way a run can end other than well, each with its exit code.

Exit codes are those of ``docs/exit-codes.md``: 1 bad input, 2 a step failed, 4 a host
unreachable, 5 usage, 6 locked, 7 drifted from the plan, 70 a bug in kplay (sysexits.h EX_SOFTWARE).
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kplay.diagnostics import Diagnostic


class ExitCode(IntEnum):
    """What the process returns to its caller."""

    OK = 0
    BAD_INPUT = 1
    STEP_FAILED = 2
    CHANGES_PENDING = 3
    UNREACHABLE = 4
    USAGE = 5
    LOCKED = 6
    DRIFTED = 7
    BUG = 70
    INTERRUPTED = 130


class KplayError(Exception):
    """An error with a message for the user; never shown with a traceback."""

    exit_code = ExitCode.STEP_FAILED
    item: str = ""
    """The label of the loop's item that it happened in, where there is a loop."""


class InputError(KplayError):
    """What the user wrote is wrong; carries one diagnostic per fault found."""

    exit_code = ExitCode.BAD_INPUT

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]) -> None:
        """Take one diagnostic or several."""
        from kplay.diagnostics import Diagnostic

        found = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        self.diagnostics: tuple[Diagnostic, ...] = found
        super().__init__("; ".join(one.message for one in found))


class UsageError(KplayError):
    """The command line itself is wrong."""

    exit_code = ExitCode.USAGE


class UnreachableError(KplayError):
    """A host could not be reached, or its agent could not be started."""

    exit_code = ExitCode.UNREACHABLE


class LockedError(KplayError):
    """Another run holds the host."""

    exit_code = ExitCode.LOCKED


class DriftedError(KplayError):
    """What a plan file was made of is not what it was."""

    exit_code = ExitCode.DRIFTED


class CommandError(KplayError):
    """A program that kplay ran on the controller failed.

    The message holds argv, the exit status and the last 20 lines of standard error.
    """

    def __init__(self, argv: Iterable[str], status: int, stderr: str) -> None:
        """Keep what is needed to understand the failure without running it again."""
        self.argv = tuple(argv)
        self.status = status
        tail = "\n".join(stderr.rstrip().splitlines()[-20:])
        super().__init__(f"`{' '.join(self.argv)}` ended with status {status}\n{tail}".rstrip())
