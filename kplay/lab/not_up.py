"""Labs and hosts that are not up: exit code 4, whichever verb meets one.

The rule stands here alone. A name that no lab has is bad input; a lab that there is, and a host of
it, that a verb needs and that is not up, counts like any host that cannot be reached.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic
from kplay.errors import ExitCode, InputError, KplayError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.lab.model import Lab


class NotUpError(InputError):
    """A lab, or a host of one, is not up; its diagnostic says how to bring it up."""

    exit_code = ExitCode.UNREACHABLE


def lab_not_up(lab: Lab) -> NotUpError:
    """That none of a lab's hosts was made."""
    return _error(f"lab `{lab.name}` is not up", f"`kplay lab up {_named(lab)}` makes its hosts")


def host_not_up(lab: Lab, host: str) -> NotUpError:
    """That a host was not made, or does not run."""
    hint = f"`kplay lab up {_named(lab)}` makes it, or boots it"
    return _error(f"host `{host}` of lab `{lab.name}` is not up", hint)


def no_lab_up() -> NotUpError:
    """That there is no lab which could have a host."""
    return _error("no lab is up", "`kplay lab up LAB` makes a lab's hosts")


@contextmanager
def coming_up() -> Iterator[None]:
    """Whatever keeps hosts from coming up inside the block ends like one that is not up.

    Errors that have an exit code of their own, such as faults of the lab file, keep it.
    """
    try:
        yield
    except KplayError as error:
        if error.exit_code == KplayError.exit_code:
            error.exit_code = ExitCode.UNREACHABLE
        raise


def _error(message: str, hint: str) -> NotUpError:
    return NotUpError(Diagnostic("lab-not-up", message, None, help=(hint,)))


def _named(lab: Lab) -> str:
    """What `kplay lab up` takes for a lab: its name while it stands, else where it was read."""
    from kplay.lab import standing
    from kplay.lab.find import ready_made

    if standing.places(lab.name):
        return lab.name
    ready = (name for name, path in ready_made().items() if str(path) == lab.file)
    return next(ready, lab.file or lab.name)
