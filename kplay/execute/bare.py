"""A host that has no Python yet: ``raw`` works there, and may install one."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from kplay.agent.agreed import compare
from kplay.agent.session import Stats
from kplay.transport.base import NoPythonError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kplay.agent.session import AgentSession, BlobSource
    from kplay.transport.base import Completed, Connection

    Post = Callable[[dict[str, Any]], None]


class BareSession:
    """Stands in for an agent until the host can run one.

    Args:
        connection: to the host.
        missing: why there is no agent.
        on_event: where results go.
        start: starts an agent; raises NoPythonError while there is no Python.
    """

    def __init__(
        self,
        connection: Connection,
        missing: NoPythonError,
        on_event: Post,
        start: Callable[[], AgentSession],
    ) -> None:
        self.connection = connection
        self.missing = missing
        self.on_event = on_event
        self.start = start
        self.welcome: dict[str, Any] = {}
        self._stats = Stats()
        self._agent: AgentSession | None = None
        self._planned = False

    @property
    def stats(self) -> Stats:
        """What went over the wire to the agent, once there is one."""
        return self._agent.stats if self._agent is not None else self._stats

    def submit(
        self,
        steps: list[dict[str, Any]],
        blobs: Mapping[str, BlobSource],
        priority: tuple[int, ...] = (),
    ) -> None:
        """Run raw steps by the connection's shell; for others there must be Python by now.

        Raises:
            NoPythonError: there is still none.
        """
        while self._agent is None and steps and steps[0]["module"] == "raw":
            self._answer(steps[0], self._raw(steps[0]))
            steps = steps[1:]
        if not steps:
            return
        if self._agent is None and self._planned:
            for step in steps:
                self._answer(step, _unknown())
            return
        if self._agent is None:
            try:
                self._agent = self.start()
            except NoPythonError as error:
                hint = "; `raw` can install it, in a play with `gather_facts: false`"
                raise NoPythonError(f"{error}{hint}") from error
        self._agent.submit(steps, blobs, priority)

    def _raw(self, step: dict[str, Any]) -> dict[str, Any]:
        if step["op"] != "apply":
            self._planned = True
            return _result("run", {}, changed=True, known=False)
        fields: dict[str, Any]
        found = {"action": "run", "failed": False, "before": {}, "after": {}, "diff": [], "msg": ""}
        drift = compare(step["agreed"], found) if step.get("agreed") else None
        if drift is not None and drift["stops"]:
            fields = {"msg": "this is not what was planned", "code": "drift"}
            return {**_result("none", fields, failed=True), "drift": drift}
        done = self._run(step)
        fields = {
            "rc": done.rc,
            "stdout": done.stdout,
            "stderr": done.stderr,
            "stdout_lines": done.stdout.splitlines(),
            "stderr_lines": done.stderr.splitlines(),
        }
        if done.rc != 0:
            fields["msg"] = "non-zero return code"
        result = _result("run", fields, changed=True, failed=done.rc != 0)
        return {**result, "drift": drift} if drift is not None else result

    def _run(self, step: dict[str, Any]) -> Completed:
        shell = str(step["args"].get("executable") or "/bin/sh")
        text = f"{shlex.quote(shell)} -c {shlex.quote(str(step['args']['cmd']))}"
        pairs = [f"{name}={shlex.quote(str(v))}" for name, v in (step["environment"] or {}).items()]
        text = " ".join(["env", *pairs, text]) if pairs else text
        become = step["become"]
        if not become:
            return self.connection.run(text)
        method, user = become.get("method") or "sudo", str(become.get("user") or "root")
        password = str(become.get("password") or "")
        if method == "su" and password:
            raise NoPythonError(f"{self.missing}; su with a password needs it too")
        if method == "su":
            return self.connection.run(f"su {shlex.quote(user)} -c {shlex.quote(text)}")
        asking = "-S -p ''" if password and method == "sudo" else "-n"
        whole = f"{method} {asking} -u {shlex.quote(user)} {text}"
        return self.connection.run(whole, stdin=f"{password}\n".encode() if password else b"")

    def _answer(self, step: dict[str, Any], result: dict[str, Any]) -> None:
        self.on_event({"type": "result", "step": step["id"], "result": result})

    def ack(self, ids: list[str]) -> None:
        """Nothing of raw is kept on the host."""
        if self._agent is not None:
            self._agent.ack(ids)

    def cancel(self) -> None:
        """Drop what has not started."""
        if self._agent is not None:
            self._agent.cancel()

    def close(self, *, abandon: bool = False) -> None:
        """End the agent, if there is one by now, and the connection."""
        if self._agent is not None:
            self._agent.close(abandon=abandon)
        self.connection.close()


def _unknown() -> dict[str, Any]:
    return {**_result("unknown", {}, known=False), "unknown": "no Python on the host yet"}


def _result(
    action: str,
    fields: dict[str, Any],
    *,
    changed: bool = False,
    failed: bool = False,
    known: bool = True,
) -> dict[str, Any]:
    return {
        "action": action,
        "changed": changed,
        "failed": failed,
        "fields": fields,
        "known": known,
        "effects": [],
    }
