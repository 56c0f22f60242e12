"""Ctrl-C while Vagrant brings hosts up: real processes, the double in vagrant's place."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kplay.lab.load import load_string
from kplay.lab.vagrant import program
from kplay.lab.vagrant.program import of_lab
from kplay.lab.write import save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOUBLE = Path(__file__).with_name("double.py")
TEXT = "name: demo\nprovider: vagrant\nvagrant: {provider: libvirt}\nhosts: {a: , b: , c: }\n"
# A job in the background of a script ignores Ctrl-C, and so would what it starts.
HEEDING = ["env", "--default-signal=INT,TERM,HUP"]
SOON = 8.0
"""Seconds within which an interrupted kplay ends on a busy machine; a dead host costs minutes."""


class User:
    """A user's folder with a lab file and a playbook, from which kplay is run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state/kplay/lab"
        self.machines = self.state / "demo/vagrant/machines"
        programs = folder / "bin"
        programs.mkdir()
        for name, script in (
            ("vagrant", f'exec {sys.executable} {DOUBLE} "$@"'),
            ("ssh", "exec sleep 1000"),
        ):
            (programs / name).write_text(f"#!/bin/sh\n{script}\n")
            (programs / name).chmod(0o755)
        (folder / "lab.yml").write_text(TEXT)
        (folder / "site.yml").write_text("- hosts: all\n  gather_facts: false\n  tasks: []\n")
        self.env = {
            **{key: one for key, one in os.environ.items() if not key.startswith("VAGRANT")},
            "PATH": f"{programs}:{os.environ['PATH']}",
            "XDG_STATE_HOME": str(folder / "state"),
            "DOUBLE_LOG": str(folder / "log"),
        }
        self.process: subprocess.Popen[str] | None = None

    def start(self, *argv: str, **env: str) -> subprocess.Popen[str]:
        self.process = subprocess.Popen(
            [*HEEDING, sys.executable, "-m", "kplay", "lab", *argv],
            cwd=self.folder, env={**self.env, **env}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        return self.process

    def interrupt(self, *numbers: int) -> tuple[str, str, float]:
        """Send signals to all that a terminal would send them to; what was said, and how soon."""
        assert self.process is not None
        began = time.monotonic()
        for number in numbers:
            os.killpg(self.process.pid, number)
            time.sleep(0.2)
        out, err = self.process.communicate(timeout=60)
        assert "Traceback" not in err, err
        return out, err, time.monotonic() - began

    def down(self) -> None:
        """Take the lab down by the command that the user was told."""
        argv = [sys.executable, "-m", "kplay", "lab", "down", "lab.yml"]
        subprocess.run(argv, cwd=self.folder, env=self.env, check=True, capture_output=True)
        assert not self.state.exists() or list(self.state.iterdir()) == []


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    made = User(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        os.killpg(made.process.pid, signal.SIGKILL)
        made.process.communicate()


def until(fact: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def runs(file: Path) -> bool:
    """Whether the process whose number a file has is there."""
    return Path("/proc", file.read_text()).exists()


@pytest.mark.parametrize(
    "numbers",
    [
        (signal.SIGINT,),
        (signal.SIGINT, signal.SIGINT, signal.SIGTERM),
        (signal.SIGTERM,),
        (signal.SIGTERM, signal.SIGINT),
        (signal.SIGHUP,),
    ],
)
def test_an_up_that_waits_for_a_dead_host_ends_soon(user: User, numbers: tuple[int, ...]) -> None:
    process = user.start("up", "lab.yml", DOUBLE_DEAD="b")
    pid = user.machines / "b/libvirt/process"
    until(pid.is_file)
    out, err, seconds = user.interrupt(*numbers)
    assert process.returncode == 130
    assert (out, seconds < SOON) == ("", True), seconds
    assert "interrupted: lab `demo` is left as it is: there are a, b; there is no c yet" in err
    help_ = "`kplay lab up lab.yml` goes on; `kplay lab down lab.yml` removes every trace"
    assert err.splitlines()[-1] == f" = help: {help_}"
    assert "was killed" not in err
    assert not runs(pid)
    user.down()


def test_it_goes_on_where_it_was(user: User) -> None:
    user.start("up", "lab.yml", DOUBLE_DEAD="b")
    until((user.machines / "b/libvirt/process").is_file)
    user.interrupt(signal.SIGINT)
    made = (user.machines / "a/libvirt/index_uuid").read_text()
    (user.folder / "bin/ssh").write_text("#!/bin/sh\nexit 0\n")
    servers = [Greeting() for _ in "abc"]
    by_host = (user.folder / "bin/vagrant").read_text()
    script = by_host.replace("exec", "case $1 in ssh-config) exec cat ssh-config;; esac\nexec", 1)
    (user.folder / "bin/vagrant").write_text(script)
    (user.folder / "ssh-config").write_text(
        "".join(
            f"Host {host}\n  HostName 127.0.0.1\n  User vagrant\n  Port {server.port}\n"
            "  IdentityFile /key\n"
            for host, server in zip("abc", servers, strict=True)
        )
    )
    process = user.start("up", "lab.yml")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert (user.machines / "a/libvirt/index_uuid").read_text() == made
    for server in servers:
        server.close()
    user.down()


def test_an_up_that_made_nothing_says_so(user: User) -> None:
    (user.folder / "bin/vagrant").write_text("#!/bin/sh\ntouch started\nexec sleep 1000\n")
    process = user.start("up", "lab.yml")
    until((user.folder / "started").is_file)
    _, err, seconds = user.interrupt(signal.SIGINT)
    assert (process.returncode, seconds < SOON) == (130, True)
    assert "interrupted: nothing is left of lab `demo`" in err
    user.down()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_host_keys_that_do_not_come(user: User, number: int) -> None:
    process = user.start("up", "lab.yml", DOUBLE_MUTE="1")
    pids = [user.machines / host / "libvirt/process" for host in "abc"]
    until(lambda: all(one.is_file() for one in pids))
    _, err, seconds = user.interrupt(number, number)
    assert (process.returncode, seconds < SOON) == (130, True), err
    assert "there are a, b, c\n" in err
    assert [runs(one) for one in pids] == [False] * 3
    user.down()


class Greeting:
    """A server that greets as sshd does."""

    def __init__(self, port: int = 0) -> None:
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self.greeted = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.sendall(b"SSH-2.0-double\r\n")
            self.greeted.set()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def test_a_login_that_hangs(user: User) -> None:
    (user.folder / "lab.yml").write_text(TEXT.replace("{a: , b: , c: }", "{a: }"))
    server = Greeting()
    process = user.start("up", "lab.yml", DOUBLE_PORT_SHIFT=str(server.port - 2222))
    assert server.greeted.wait(30)
    time.sleep(0.5)
    _, err, seconds = user.interrupt(signal.SIGINT)
    server.close()
    assert (process.returncode, seconds < SOON) == (130, True), err
    assert "lab `demo` is left as it is: there are a\n" in err
    user.down()


@pytest.mark.parametrize(
    "numbers", [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGTERM)]
)
def test_a_test_that_waits_for_a_dead_host_leaves_nothing(
    user: User, numbers: tuple[int, ...]
) -> None:
    argv = ("test", "site.yml", "--lab", "lab.yml", "--name", "demo", "--output", "out")
    process = user.start(*argv, "--report-file", "report.json", DOUBLE_DEAD="b")
    pid = user.machines / "b/libvirt/process"
    until(pid.is_file)
    number = int(pid.read_text())
    out, _, seconds = user.interrupt(*numbers)
    assert (process.returncode, seconds < SOON) == (130, True), out
    report = json.loads((user.folder / "report.json").read_text())
    found = {one["name"]: one["outcome"] for one in report["stages"]}
    assert (found["up"], found["plan"], found["down"]) == ("failed", "not run", "passed")
    assert not Path(f"/proc/{number}").exists()
    assert not leftovers(user.state)


def leftovers(state: Path) -> list[Path]:
    return list(state.iterdir()) if state.exists() else []


def test_a_vagrant_that_does_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = User(tmp_path)
    for name, value in {**user.env, "DOUBLE_DEAD": "a", "DOUBLE_DEAF": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(program, "_GRACE", 0.3)
    lab = load_string(TEXT, "lab.yml")
    vagrant = of_lab(lab)
    vagrant.place.path.mkdir(parents=True)
    save(lab, vagrant.place.lab_file)
    heard: list[str] = []
    pid = user.machines / "a/libvirt/process"

    def hear(_: object) -> None:
        heard.append("")
        if len(heard) == 2:
            until(pid.is_file)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        vagrant.told("up", heard=hear)
    assert "vagrant was at work still after 0 s and was killed" in caught.value.__notes__[0]
    assert not runs(pid)
    shutil.rmtree(vagrant.place.path)
