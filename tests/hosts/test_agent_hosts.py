"""The agent on real hosts: other users, cut connections, nothing left behind."""

from __future__ import annotations

import queue
import socket
import subprocess
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kplay import lab as labs
from kplay.agent.session import AgentSession, BlobSource, Hello
from kplay.transport.base import BecomeError, Settings
from kplay.transport.connect import connect
from kplay.transport.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.hosts

KEY = b"k" * 32
HOST = "h1"
SUDO = {"user": "root", "method": "sudo", "flags": "", "password": ""}

PROBE = """
from kplay.modules.api import Arg, Effect, Module

def observe(probe, args):
    found = probe.stat(args["path"]) if args.get("path") else None
    return {"state": found.state if found else "absent", "owner": found.owner if found else ""}

def desire(args, found):
    return {"state": "file"} if args.get("path") else {"state": "done"}

def apply(host, args, found, wanted):
    if args.get("content") is not None:
        host.write(args["path"], args["content"])
    done = host.run([args.get("cmd") or "id -un"], shell="/bin/sh", stream=True)
    return {"rc": done.rc, "stdout": done.stdout, "stderr": done.stderr}

def foresee(args, found, wanted):
    return [Effect("path", args["path"], {"state": "file"})] if args.get("path") else []

module = Module("trial", {"path": Arg(), "content": Arg("content"), "cmd": Arg()},
                observe, desire, apply, foresee=foresee)
"""


class Talk:
    def __init__(
        self, variables: Mapping[str, Any], run: str, mode: str = "apply", **hello: Any
    ) -> None:
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        self.connection = connect(Target.from_variables(HOST, variables), Settings())
        self.session = AgentSession(
            self.connection,
            Hello(run, HOST, mode=mode, key=KEY, extra_modules={"trial": PROBE}, **hello),
            self.events.put,
        )

    def until(self, kind: str) -> list[dict[str, Any]]:
        seen = [self.events.get(timeout=60)]
        while seen[-1]["type"] != kind:
            seen.append(self.events.get(timeout=60))
        return seen

    def submit(self, *steps: dict[str, Any], blobs: Mapping[str, BlobSource] | None = None) -> None:
        usual = {"module": "trial", "op": "apply", "stop": True}
        made = []
        for given in steps:
            one = {"id": uuid.uuid4().hex, **usual, **given}
            if "cmd" in one:
                one["args"] = {"cmd": one.pop("cmd")}
            made.append(one)
        self.session.submit(made, blobs or {})

    def result(self, blobs: Mapping[str, BlobSource] | None = None, **step: Any) -> dict[str, Any]:
        self.submit(step, blobs=blobs)
        found = next(one for one in self.until("end") if one["type"] == "result")
        self.session.ack([found["step"]])
        result: dict[str, Any] = found["result"]
        return result


@pytest.fixture
def variables(lab_hosts: labs.Lab) -> dict[str, Any]:
    data = yaml.safe_load(labs.inventory_path(lab_hosts).read_text())["all"]
    return {**data["vars"], **data["hosts"][HOST]}


@pytest.fixture
def talks(variables: dict[str, Any]) -> Iterator[Any]:
    made: list[Talk] = []

    def talk(run: str = "", **given: Any) -> Talk:
        user = given.pop("login", None)
        mine = {**variables, **({"ansible_user": user} if user else {})}
        made.append(Talk(mine, run or uuid.uuid4().hex, **given))
        return made[-1]

    yield talk
    for one in made:
        one.session.close()


def on(lab: labs.Lab, command: str) -> str:
    argv = labs.ssh_argv(lab, HOST, [command])
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout


def test_the_first_step_takes_one_round_trip(talks: Any) -> None:
    talk = talks()
    assert talk.result(cmd="id -un")["fields"]["stdout"] == "kplay\n"
    assert talk.session.stats.round_trips == 1
    assert talk.session.stats.bytes_sent < 200_000


def test_sudo_without_a_password(talks: Any) -> None:
    talk = talks()
    assert talk.result(become=SUDO)["fields"]["stdout"] == "root\n"
    assert talk.result()["fields"]["stdout"] == "kplay\n"
    again = talk.result(become=SUDO, cmd="pgrep -fc 'python3 -I -S -c'")
    assert again["fields"]["stdout"].strip() in {"2", "3", "4"}


def test_sudo_with_a_password(talks: Any, lab_hosts: labs.Lab) -> None:
    become = {**SUDO, "password": labs.become_password(lab_hosts)}
    talk = talks(login="ops")
    assert talk.result(become=become)["fields"]["stdout"] == "root\n"
    listed = talk.result(become=become, cmd="ps -eo args; cat /proc/*/environ | tr '\\0' '\\n'")
    assert become["password"] not in listed["fields"]["stdout"]


@pytest.mark.parametrize("password", ["", "wrong"])
def test_a_wrong_or_missing_password_is_told(talks: Any, password: str) -> None:
    result = talks(login="ops").result(become={**SUDO, "password": password})
    assert result["failed"]
    assert result["fields"]["code"] == "become-password"


def test_a_wrong_password_is_told_before_the_first_step(talks: Any) -> None:
    with pytest.raises(BecomeError, match="wrong become password") as caught:
        talks(login="ops", become={**SUDO, "password": "wrong"})
    assert caught.value.code == "become-password"


def test_a_user_that_does_not_exist(talks: Any) -> None:
    assert talks().result(become={**SUDO, "user": "nobody-here"})["fields"]["code"] == "become-user"


def test_a_program_that_is_not_installed(talks: Any) -> None:
    result = talks().result(become={**SUDO, "method": "doas"})
    assert result["fields"]["code"] == "become-missing"


def test_su_with_a_password(talks: Any, lab_hosts: labs.Lab) -> None:
    become = {"user": "ops", "method": "su", "flags": "", "password": "wrong"}
    talk = talks()
    assert talk.result(become=become)["fields"]["code"] == "become-password"
    become["password"] = labs.become_password(lab_hosts)
    assert talk.result(become=become)["fields"]["stdout"] == "ops\n"


def test_content_reaches_the_other_user(talks: Any) -> None:
    blob = BlobSource.of_bytes(b"x" * 300_000)
    path = f"/root/{uuid.uuid4().hex}"
    content = {"$blob": blob.sha256, "size": blob.size}
    result = talks().result(
        blobs={blob.sha256: blob},
        become=SUDO,
        args={"path": path, "content": content, "cmd": f"stat -c %s {path}; rm {path}"},
    )
    assert result["fields"]["stdout"] == "300000\n"


def test_a_plan_is_one_view_for_all_users(talks: Any) -> None:
    talk = talks(mode="plan")
    first = talk.result(op="plan", args={"path": "/root/new"}, become=SUDO)
    assert first["action"] == "create"
    second = talk.result(op="plan", args={"path": "/root/new"}, become=SUDO)
    assert second["action"] == "none"
    third = talk.result(op="plan", args={"path": "/srv/new"})
    fourth = talk.result(op="plan", args={"path": "/srv/new"}, become=SUDO)
    assert [third["action"], fourth["action"]] == ["create", "none"]


@pytest.mark.parametrize("become", [None, SUDO])
def test_a_cut_connection_loses_nothing(
    talks: Any, lab_hosts: labs.Lab, become: dict[str, str] | None
) -> None:
    run = uuid.uuid4().hex
    first = talks(run)
    slow = {"id": "slow", "args": {"cmd": "sleep 2; echo whole"}, "become": become}
    never = {"id": "never", "args": {"cmd": "touch /tmp/never"}, "become": become}
    first.submit(slow, never)
    first.until("started")
    # A close alone says nothing to the other side while paramiko's thread waits in recv()
    first.connection.line.transport.sock.shutdown(socket.SHUT_RDWR)
    first.connection.line.transport.sock.close()
    first.until("closed")
    second = talks(run)
    held = second.session.welcome["held"]
    assert [(one["id"], one["state"]) for one in held] == [("slow", "ended")]
    assert held[0]["result"]["fields"]["stdout"] == "whole\n"
    assert on(lab_hosts, "ls /tmp/never") == ""
    second.session.ack(["slow"])
    second.session.close()
    assert leftovers(lab_hosts) == ""


def test_nothing_is_left_behind(talks: Any, lab_hosts: labs.Lab) -> None:
    talk = talks()
    talk.result(become=SUDO)
    talk.result(cmd="true")
    talk.session.close()
    assert leftovers(lab_hosts) == ""


def leftovers(lab: labs.Lab) -> str:
    look = (
        "pgrep -fa 'python3 -I -S -c' | grep -v pgrep; sudo ls -d /var/lib/kplay; "
        "ls -d ~/.local/state/kplay; ls -d /tmp/kplay*"
    )
    for _ in range(30):
        found = on(lab, look)
        if not found:
            break
        time.sleep(0.2)
    return found
