"""Jobs: steps that run on by themselves, whatever becomes of the connection (``poll: 0``).

A job is a process of its own session. What it came to is a JSON file in its user's home, where
async_status finds it, with a later connection too.
"""

import contextlib
import json
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any, Callable, Dict

if TYPE_CHECKING:
    from kplay.agent.engine import Surroundings
    from kplay.agent.local import LocalHost

DIRECTORY = "~/.kplay_async"

Step = Dict[str, Any]
Result = Dict[str, Any]
Run = Callable[[Step, "Surroundings"], Result]


def start(step: Step, around: "Surroundings", run: Run) -> Result:
    """Start a step as a job; its result so far names the job."""
    directory = os.path.expanduser(DIRECTORY)
    if not os.path.isdir(directory):
        os.makedirs(directory, 0o700)
    jid = "j%012d.%d" % (int.from_bytes(os.urandom(6), "big") % 10**12, os.getpid())
    path = os.path.join(directory, jid)
    around.start(step, "run")
    _write(path, {"ansible_job_id": jid, "started": True, "finished": False})
    child = os.fork()
    if child == 0:
        _detached(step, around, run, path, jid)
    os.waitpid(child, 0)
    fields = {"ansible_job_id": jid, "started": True, "finished": False, "results_file": path}
    return {"action": "run", "changed": True, "fields": fields}


def _detached(step: Step, around: "Surroundings", run: Run, path: str, jid: str) -> None:
    """In the child: leave the agent's session and descriptors, run the step, write its result."""
    try:
        os.setsid()
        if os.fork() == 0:
            _run(step, around, run, path, jid)
    finally:
        os._exit(0)


def _run(step: Step, around: "Surroundings", run: Run, path: str, jid: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for one in (0, 1, 2):
        os.dup2(nothing, one)
    # Among the others is the socket whose existence is the host's run lock
    for handle in [int(name) for name in os.listdir("/proc/self/fd")]:
        if handle > 2:
            with contextlib.suppress(OSError):
                os.close(handle)
    limit = int(step["async"])
    alone = dict(step, timeout=limit)
    del alone["async"]

    def host(one: Step) -> "LocalHost":
        made = around.host(one)
        # Threads do not survive a fork: nobody would send what it says, or cancel it
        made.output, made.cancelled = None, threading.Event()
        return made

    result = run(alone, around._replace(host=host, start=lambda *_: None))
    fields = dict(result["fields"], changed=result["changed"], failed=result["failed"])
    fields.update(ansible_job_id=jid, started=True, finished=True, ended=time.time())
    _write(path, fields)


def _write(path: str, fields: Dict[str, Any]) -> None:
    draft = path + ".new"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w") as stream:
        json.dump(fields, stream)
    os.rename(draft, path)
