"""A fleet of FakeHosts: the walker's other side without a wire, chain semantics included."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kplay.modules import catalog, schema
from kplay.testing.host import FakeHost
from kplay.testing.play import Result, plan, play
from kplay.walk.fleet import Traffic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kplay.graph.model import Position
    from kplay.walk.fleet import Post


@dataclass(eq=False)
class FakeFleet:
    """Runs the steps of a chain at once on FakeHosts and posts what an agent would.

    ``chains`` records (host, step ids) in the order sent; ``slow`` names hosts whose answers are
    held back until ``release`` is called; ``unreachable`` names hosts that cannot be reached.
    """

    post: Post
    hosts: dict[str, FakeHost] = field(default_factory=dict)
    chains: list[tuple[str, list[str]]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    """Step ids in the order they ran."""
    slow: set[str] = field(default_factory=set)
    held: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    unreachable: set[str] = field(default_factory=set)

    def submit(
        self, host: str, steps: list[dict[str, Any]], blobs: Mapping[str, Any], priority: Position
    ) -> None:
        """Run a chain; after a failed step with ``stop`` the rest is dropped."""
        del priority
        for blob in blobs.values():
            self.hosts.setdefault(host, FakeHost()).sources.update(blob.sources)
        self.chains.append((host, [step["id"] for step in steps]))
        if host in self.unreachable:
            self._post(host, {"type": "lost", "error": f"{host} is switched off"})
            return
        stopped = False
        for step in steps:
            if stopped:
                self._post(host, {"type": "dropped", "step": step["id"]})
                continue
            self.order.append(step["id"])
            result = self._run(host, step)
            self._post(host, {"type": "result", "step": step["id"], "result": result})
            stopped = bool(result["failed"]) and step["stop"]

    def _post(self, host: str, frame: dict[str, Any]) -> None:
        if host in self.slow:
            self.held.append((host, frame))
        else:
            self.post(host, frame)

    def release(self) -> None:
        """Post the answers that were held back."""
        held, self.held = self.held, []
        for host, frame in held:
            self.post(host, frame)

    def _run(self, name: str, step: dict[str, Any]) -> dict[str, Any]:
        host = self.hosts.setdefault(name, FakeHost())
        module = catalog.find(step["module"])
        assert module is not None, step["module"]  # noqa: S101 - the walker checked it
        planned = step["op"] == "plan"
        try:
            result = (plan if planned else play)(module, step["args"], host)
        except Exception:
            # As the agent does: what is not known yet cannot be looked at
            if not planned or not schema.unknown(step["args"]):
                raise
            result = Result("unknown", known=False)
        return {
            "action": result.action,
            "changed": result.changed,
            "failed": result.failed,
            "fields": result.fields,
            "known": result.known,
            "effects": [list(effect) for effect in result.effects],
        }

    def ack(self, host: str, ids: list[str]) -> None:
        """Nothing is kept."""

    def open(self, host: str) -> None:
        """Nothing to open."""

    def forget(self, host: str) -> None:
        """Nothing to close."""

    def cancel(self) -> None:
        """Nothing is queued."""

    def close(self, *, abandon: bool = False) -> None:
        """Nothing to close."""

    def traffic(self) -> dict[str, Traffic]:
        """Chains are counted as round trips."""
        names = {host for host, _ in self.chains}
        return {n: Traffic(round_trips=sum(h == n for h, _ in self.chains)) for n in names}
