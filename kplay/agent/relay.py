"""The agents under other users, from the first agent's side: one for each user and method."""

import os
import queue
import threading
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple

from kplay.agent import elevate, running, wire
from kplay.agent.link import Link
from kplay.agent.slot import DiskFull

if TYPE_CHECKING:
    from kplay.agent.foreseen import Foreseen


class Relay(object):
    """Runs steps as other users.

    Args:
        hello: what the first agent was greeted with.
        stub: the bootstrap's text.
        archive: the bytes that the bootstrap reads.
        send: sends a frame to the controller.
        start: records that a step is about to change the host; raises DiskFull.
        foreseen: what the plan foresees.
    """

    def __init__(
        self,
        hello: Dict[str, Any],
        stub: str,
        archive: bytes,
        send: Callable[[Dict[str, Any]], None],
        start: Callable[[Dict[str, Any], str], None],
        foreseen: "Foreseen",
    ) -> None:
        self.hello = hello
        self.stub = stub
        self.archive = archive
        self.send = send
        self.start = start
        self.foreseen = foreseen
        self.modules: List[Dict[str, Any]] = []
        """Frames with modules' sources, for agents that have not had them."""
        self._children: Dict[Tuple[str, str, str], _Child] = {}

    def child(self, become: Dict[str, str]) -> "_Child":
        """The agent of that user, started when there is none; raises elevate.Refused."""
        key = (become["user"], become.get("method") or "sudo", become.get("exe") or "")
        found = self._children.get(key)
        if found is None or found.gone.is_set():
            found = self._children[key] = _Child(elevate.start(become, self.stub), self)
            found.link.send_bytes(b"%08x" % len(self.archive) + self.archive)
            hello = {k: self.hello[k] for k in ("run", "host", "mode", "key", "holder")}
            found.link.send(dict(hello, type="hello", nested=True, become=None))
        return found

    def run(self, step: Dict[str, Any]) -> Dict[str, Any]:
        """Run one step as its become says."""
        try:
            child = self.child(step["become"])
        except elevate.Refused as error:
            if step.get("op") == "plan" and self.foreseen.get("user", step["become"]["user"]):
                return self._instead(step)
            return _failed(error.msg, error.code)
        return child.run(step)

    def _instead(self, step: Dict[str, Any]) -> Dict[str, Any]:
        """Plan as root what a user will do that an earlier planned step makes."""
        acting = step["become"]["user"]
        stand_in = dict(step, acting=acting, become=dict(step["become"], user="root"))
        try:
            return self.child(stand_in["become"]).run(stand_in)
        except elevate.Refused:
            unknown = "what %s may do, who is not there yet" % acting
            return dict(_failed("", ""), action="unknown", known=False, failed=False,
                        unknown=unknown, fields={})  # fmt: skip

    def take(self, part: wire.Part) -> None:
        """Hand a piece of a blob to the agents that asked for it."""
        for child in list(self._children.values()):
            if part.digest in child.wanted:
                child.link.send_bytes(wire.pack_part(part.digest, part.offset, part.data))

    def lose(self) -> None:
        """Tell all of them that no content will come any more."""
        for child in list(self._children.values()):
            child.link.send({"type": "lost"})

    def cancel(self) -> None:
        """Tell all of them."""
        for child in list(self._children.values()):
            child.link.send({"type": "cancel"})

    def close(self) -> None:
        """End all of them."""
        for child in self._children.values():
            child.close()


class _Child(object):
    def __init__(self, elevated: elevate.Elevated, relay: Relay) -> None:
        self.relay = relay
        self.elevated = elevated
        self.inbox: "queue.Queue[Optional[wire.Frame]]" = queue.Queue()
        self.gone = threading.Event()
        self.wanted: "set[str]" = set()
        self.known = 0
        self.had = 0
        source, sink = elevate.wire_of(elevated)
        self.link = Link(source, sink, self._take, elevated.ahead)
        self.link.begin()
        self.errors = running.Kept(8192)
        threading.Thread(target=self._listen, daemon=True).start()

    def _take(self, frame: Optional[wire.Frame]) -> None:
        if frame is None:
            self.gone.set()
        self.inbox.put(frame)

    def _listen(self) -> None:
        while True:
            try:
                data = os.read(self.elevated.process.stderr.fileno(), 4096)
            except (OSError, ValueError):
                return
            if not data:
                return
            self.errors.add(data)

    def run(self, step: Dict[str, Any]) -> Dict[str, Any]:
        log = self.relay.foreseen.log
        for modules in self.relay.modules[self.had :]:
            self.link.send(modules)
            self.had += 1
        sent = dict(step, become=None, effects=log[self.known :], stop=True)
        self.link.send({"type": "chain", "id": step["id"], "steps": [sent]})
        while True:
            frame = self.inbox.get()
            if frame is None:
                user = step["become"]["user"]
                text = self.link.fault or self.errors.text().strip()[-400:]
                return _failed("the agent of user %s ended: %s" % (user, text), "become-lost")
            if not isinstance(frame, dict):
                continue
            kind = frame.get("type")
            if kind == "started":
                self._go(step, str(frame.get("action", "")))
            elif kind == "need":
                self.wanted.add(frame["blob"])
                self.relay.send(frame)
            elif kind in ("output", "fault"):
                self.relay.send(frame)
            elif kind == "result" and frame["step"] == step["id"]:
                result: Dict[str, Any] = frame["result"]
                self.relay.foreseen.add(result.get("effects") or [])
                self.known = len(log)
                return result
            elif kind == "dropped":
                return {"dropped": True}

    def _go(self, step: Dict[str, Any], action: str) -> None:
        error = ""
        try:
            self.relay.start(step, action)
        except DiskFull as full:
            error = str(full)
        self.link.send({"type": "go", "error": error})

    def close(self) -> None:
        self.link.send({"type": "bye"})
        self.link.drain(2.0)
        if not self.gone.wait(5.0):
            running.kill(self.elevated.process)
        self.elevated.process.wait()
        if self.elevated.terminal >= 0:
            os.close(self.elevated.terminal)


def _failed(msg: str, code: str) -> Dict[str, Any]:
    return {
        "action": "none", "changed": False, "failed": True, "before": {}, "after": {},
        "diff": [], "effects": [], "known": True, "fields": {"msg": msg, "code": code},
    }  # fmt: skip
