"""The agent's main loop: greets, takes the run lock, runs chains of steps, leaves."""

import base64
import json
import os
import pwd
import queue
import signal
import sys
import threading
import time
import traceback
import zlib
from typing import Any, Dict, Optional

from kplay.agent import agreed, blobs, elevate, engine, loader, lock, running, slot, wire
from kplay.agent.foreseen import Foreseen
from kplay.agent.link import Link
from kplay.agent.local import LocalHost
from kplay.agent.overlay import Overlay
from kplay.agent.reading import LocalProbe
from kplay.agent.relay import Relay

Frame = Dict[str, Any]


def main(stub: str, archive: bytes) -> None:
    """Run the agent on standard input and output until it is told to end, or left alone."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    os.umask(0o022)
    _settle()
    source, sink = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDWR)
    os.dup2(empty, 0)
    os.dup2(empty, 1)
    agent = Agent(stub, archive, source, sink)
    status = 0
    try:
        agent.serve()
    except BaseException:  # noqa: BLE001 - the controller is told of every fault
        agent.link.send({"type": "fault", "text": traceback.format_exc()})
        status = 70
    agent.end()
    os._exit(status)


def _settle() -> None:
    """Leave a working directory that this user cannot read, which become may have brought."""
    for folder in (".", os.path.expanduser("~"), "/tmp", "/"):  # noqa: S108
        try:
            os.chdir(folder)
            os.listdir(".")
        except OSError:
            continue
        return


class Agent(object):
    """One agent: the first on a host, or (nested) one that it started under another user."""

    def __init__(self, stub: str, archive: bytes, source: int, sink: int) -> None:
        self.stub = stub
        self.archive = archive
        self.inbox: "queue.Queue[Optional[Frame]]" = queue.Queue()
        self.gone = threading.Event()
        self.cancelled = threading.Event()
        self.generation = 0
        self.base = slot.base_directory()
        self.blobs = blobs.Blobs(self.base, self._need)
        self.foreseen = Foreseen()
        self.hello: Frame = {}
        self.user = _user()
        self.slots = slot.Slots(self.base, "", "", b"")
        self.lock: Optional[lock.RunLock] = None
        self.relay: Optional[Relay] = None
        self.started: "set[str]" = set()
        self.around = engine.Surroundings(self._probe, self._host, self.foreseen, self._start)
        self.link = Link(source, sink, self._take)
        self.link.begin()

    # Called by the reading thread

    def _take(self, frame: Optional[wire.Frame]) -> None:
        if frame is None:
            self._lose()
        elif isinstance(frame, wire.Part):
            self.blobs.take(*frame)
            if self.relay is not None:
                self.relay.take(frame)
        elif frame.get("type") == "cancel":
            self.generation += 1
            self.cancelled.set()
            if self.relay is not None:
                self.relay.cancel()
        elif frame.get("type") == "lost":
            self.blobs.lost.set()
        elif frame.get("type") == "modules":
            loader.add(json.loads(zlib.decompress(base64.b64decode(frame["data"])).decode()))
            if self.relay is not None:
                self.relay.modules.append(frame)
        elif frame.get("type") == "ack":
            self.slots.acknowledge(list(frame["steps"]))
        else:
            frame["generation"] = self.generation
            self.inbox.put(frame)

    def _lose(self) -> None:
        """The connection is gone: finish the step in flight, then leave."""
        self.gone.set()
        self.blobs.lost.set()
        if self.relay is not None:
            self.relay.lose()
        self.link.break_off()
        if self.lock is not None:
            self.lock.holder["connected"] = False
        self.inbox.put(None)

    # Called by the main thread

    def serve(self) -> None:
        """Greet, then run what comes."""
        hello = self.inbox.get()
        if hello is None or hello.get("type") != "hello":
            return
        self.hello = hello
        if not self._greet():
            return
        while not self.gone.is_set():
            frame = self.inbox.get()
            if frame is None or frame["type"] == "bye":
                return
            if frame["type"] == "chain":
                self._chain(frame)

    def end(self) -> None:
        """Leave nothing behind but slots that were not acknowledged."""
        if self.relay is not None:
            self.relay.close()
        self.blobs.close()
        self.slots.clear()
        if not self.gone.is_set():
            self.link.drain(10.0)
        if self.lock is not None:
            self.lock.release()

    def _greet(self) -> bool:
        hello = self.hello
        nested = bool(hello.get("nested"))
        key = base64.b64decode(hello.get("key") or "")
        if nested:
            self.link.send({"type": "welcome"})
            return True
        self.slots = slot.Slots(self.base, hello["run"], hello["host"], key)
        holder = None
        self.foreseen.kept = hello["mode"] != "apply"
        if hello["mode"] == "apply":
            blobs.sweep(self.base)
            if not self._lock(key):
                return False
        else:
            holder = lock.holder()
        self.relay = Relay(
            hello, self.stub, self.archive, self.link.send, self._start, self.foreseen
        )
        become = hello.get("become")
        try:
            if become and become["user"] != self.user:
                self.relay.child(become)
        except elevate.Refused as error:
            self.link.send({"type": "refused", "code": error.code, "msg": error.msg})
            return False
        self.link.send(
            {
                "type": "welcome",
                "python": list(sys.version_info[:3]),
                "executable": sys.executable,
                "user": self.user,
                "uid": os.geteuid(),
                "boot_id": _boot_id(),
                "held": self.slots.held(),
                "holder": holder,
            }
        )
        return True

    def _lock(self, key: bytes) -> bool:
        hello = self.hello
        mine = dict(
            hello.get("holder") or {},
            run=hello["run"], host=hello["host"], agent=os.getpid(), connected=True, step="",
        )  # fmt: skip
        taken = lock.RunLock(mine, key, self._lose)
        told = 0.0
        patience = time.monotonic() + lock.ANSWER_WITHIN
        while not taken.take():
            other = lock.holder()
            if other is None:
                time.sleep(0.02)
                continue
            if other.get("run") == lock.SILENT and time.monotonic() < patience:
                # It is busy, or ends at this moment: who it is decides whether to wait
                if self.gone.wait(0.1):
                    return False
                continue
            if other.get("run") != hello["run"]:
                self.link.send({"type": "locked", "holder": other})
                return False
            if other.get("host") != hello["host"]:
                # Two names of the inventory lead to this host: one run, one lock
                return True
            if other.get("connected"):
                lock.ask_to_yield(key)
            if time.monotonic() - told > 2.0:
                told = time.monotonic()
                self.link.send({"type": "waiting", "holder": other})
            if self.gone.wait(0.1):
                return False
        self.lock = taken
        return True

    def _chain(self, chain: Frame) -> None:
        stopped = False
        for step in chain["steps"]:
            if chain["generation"] == self.generation:
                self.cancelled.clear()
            late = chain["generation"] != self.generation
            if stopped or late or self.gone.is_set():
                self.link.send({"type": "dropped", "step": step["id"]})
                continue
            result = self._step(step)
            if result.get("dropped"):
                self.link.send({"type": "dropped", "step": step["id"]})
                continue
            self._report(step, result)
            stopped = bool(result["failed"] and (step.get("stop") or agreed.stops(result)))
        self.link.send({"type": "end", "chain": chain["id"]})

    def _step(self, step: Frame) -> Frame:
        if self.lock is not None:
            self.lock.holder["step"] = step["id"]
        self.foreseen.add(step.get("effects") or [])
        become = step.get("become")
        if become and become["user"] != self.user:
            if self.relay is None:
                raise wire.WireError("a nested agent does not become another user")
            return self.relay.run(step)
        return engine.run(step, self.around)

    def _report(self, step: Frame, result: Frame) -> None:
        message = {"type": "result", "step": step["id"], "result": result}
        try:
            data = wire.pack(message)
        except (wire.WireError, TypeError, ValueError) as error:
            kept = {"changed": result["changed"], "action": result["action"], "failed": True}
            text = "the result cannot be sent: %s" % error
            result = dict(
                kept, before={}, after={}, diff=[], effects=[], known=True, fields={"msg": text}
            )
            data = wire.pack(dict(message, result=result))
        if step["id"] in self.started:
            self.started.discard(step["id"])
            if not self.hello.get("nested"):
                try:
                    self.slots.end(step["id"], result)
                except OSError as error:
                    result["slot"] = error.strerror or str(error)
                    data = wire.pack(dict(message, result=result))
        self.link.send_bytes(data)

    # Called by the engine

    def _start(self, step: Frame, action: str) -> None:
        if not self.hello.get("nested"):
            # Nobody resumes a plan: what one runs for its author's sake leaves no record
            if self.hello["mode"] == "apply":
                self.slots.start(step["id"], step["module"], bool(step.get("no_log")), time.time())
                self.started.add(step["id"])
            self.link.send({"type": "started", "step": step["id"], "action": action})
            return
        self.link.send({"type": "started", "step": step["id"], "action": action})
        answer = self.inbox.get()
        if answer is None or answer["type"] != "go":
            raise slot.DiskFull("the first agent is gone")
        if answer["error"]:
            raise slot.DiskFull(answer["error"])

    def _need(self, digest: str) -> None:
        self.link.send({"type": "need", "blob": digest})

    def _probe(self, step: Frame) -> LocalProbe:
        if step.get("op") == "observe":
            return LocalProbe(step.get("environment"))
        return Overlay(self.foreseen, step.get("environment"), str(step.get("acting") or ""))

    def _host(self, step: Frame) -> LocalHost:
        output = None if step.get("no_log") else _Output(self.link, step["id"])
        return LocalHost(self.blobs, step.get("environment"), output, self.cancelled)


class _Output(object):
    """Sends a command's output as it comes, up to a bound."""

    def __init__(self, link: Link, step: str) -> None:
        self.link = link
        self.step = step
        self.left = running.STREAM_CAP

    def __call__(self, stream: str, data: bytes) -> None:
        if self.left <= 0:
            return
        self.left -= len(data)
        text = data.decode("utf-8", "replace")
        if self.left <= 0:
            text += "\n[kplay: the rest of the output is in the result]\n"
        self.link.send({"type": "output", "step": self.step, "stream": stream, "text": text})


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _boot_id() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id") as stream:
            return stream.read().strip()
    except OSError:
        return ""
