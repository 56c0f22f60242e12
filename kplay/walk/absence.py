"""Hosts that are away for a while: rebooting, or not there yet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kplay.errors import KplayError, UnreachableError
from kplay.modules import catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kplay.walk.fleet import Session

    Open = Callable[[], Session]

LEAVING = 30.0
"""Seconds for the host to acknowledge that it will go down, beyond the delay asked for."""

# A container that starts anew keeps its kernel's boot_id; its first process does not
_BOOT = "{command}; cut -d' ' -f22 /proc/1/stat"


def first_step(steps: list[dict[str, Any]], module: str) -> dict[str, Any] | None:
    """The step that opens a chain, when it calls that module in earnest."""
    step = steps[0] if steps else None
    fits = step is not None and step["module"] == module and step["op"] == "apply"
    return step if fits else None


def _complete(module: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments with the defaults of those that were not given, which no step carries."""
    found = catalog.find(module)
    defaults = {name: arg.default for name, arg in found.args.items()} if found else {}
    return {**defaults, **args}


def open_patiently(given: Mapping[str, Any], open_: Open) -> tuple[Session, float]:
    """Connect as ``wait_for_connection`` asks: after its delay, again and again until its timeout.

    Returns:
        The session, and the seconds that passed.

    Raises:
        UnreachableError: the host did not answer in time.
    """
    args = _complete("wait_for_connection", given)
    began = time.monotonic()
    time.sleep(float(args["delay"]))
    while True:
        try:
            return open_(), time.monotonic() - began
        except KplayError as error:
            if time.monotonic() - began >= float(args["timeout"]):
                message = f"timed out waiting for ping module test: {error}"
                raise UnreachableError(message) from error
        time.sleep(max(0.1, float(args["sleep"])))


def failure(message: str, **fields: Any) -> dict[str, Any]:
    """A failed result that the controller gives in a host's stead."""
    return {
        "action": "none",
        "changed": False,
        "failed": True,
        "fields": {"msg": message, **fields},
        "known": True,
        "effects": [],
    }


class Reboot:
    """One reboot: what tells a boot from the next, and the waiting for it.

    Args:
        args: those of the module ``reboot``.
        session: the connection that will break.
    """

    def __init__(self, args: Mapping[str, Any], session: Session) -> None:
        self.args = _complete("reboot", args)
        self.began = time.monotonic()
        self.before = self._boot(session)

    def _boot(self, session: Session) -> str:
        command = str(self.args["boot_time_command"])
        done = session.connection.run(_BOOT.format(command=command), timeout=self._patience())
        if done.rc != 0:
            raise UnreachableError(f"boot_time_command failed: {done.stderr.strip()}")
        return done.stdout

    def _patience(self) -> float:
        return float(self.args.get("connect_timeout") or 30)

    def wait(self, open_: Open) -> tuple[Session | None, dict[str, Any]]:
        """The connection to the host as it came back, and the step's result.

        There is none when the host did not come back in time; the result says so.
        """
        deadline = self.began + float(self.args["reboot_timeout"])
        fault = "it never went down"
        while time.monotonic() < deadline:
            time.sleep(1.0)
            session = None
            try:
                session = open_()
                if self._boot(session) != self.before:
                    done = session.connection.run(str(self.args["test_command"]), timeout=30.0)
                    if done.rc == 0:
                        time.sleep(float(self.args["post_reboot_delay"]))
                        return session, self._result({"rebooted": True})
                    fault = f"`{self.args['test_command']}` ended with status {done.rc}"
            except (KplayError, OSError) as error:
                fault = str(error)
            if session is not None:
                session.close(abandon=True)
        limit = int(deadline - self.began)
        message = f"Timed out waiting for last boot time check (timeout={limit}): {fault}"
        return None, self._result({"rebooted": False, "msg": message}, failed=True)

    def _result(self, fields: dict[str, Any], *, failed: bool = False) -> dict[str, Any]:
        elapsed = int(time.monotonic() - self.began)
        return {
            "action": "run",
            "changed": True,
            "failed": failed,
            "fields": {**fields, "elapsed": elapsed},
            "known": True,
            "effects": [],
        }
