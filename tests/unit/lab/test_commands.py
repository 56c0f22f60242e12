from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from kplay.errors import CommandError
from kplay.lab import commands, ssh

# A child keeps the pipes open after its parent is gone.
TREE = "sleep 1000 & echo $! >child; echo $$ >self; wait"


def until(file: Path) -> None:
    deadline = time.monotonic() + 20
    while not (file.is_file() and file.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(file: Path) -> bool:
    try:
        stat = Path("/proc", file.read_text().strip(), "stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def gone(file: Path) -> bool:
    """Whether a process ends that was sent a signal."""
    deadline = time.monotonic() + 10
    while alive(file) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(file)


def test_a_program_and_what_it_says() -> None:
    assert commands.run(["cat"], stdin="a\n") == "a\n"
    assert commands.run(["cat"], stdin="b\n", broken_off=threading.Event()) == "b\n"
    with pytest.raises(CommandError, match="ended with status 3\nwhy") as caught:
        commands.run(["sh", "-c", "echo why >&2; exit 3"])
    assert caught.value.status == 3
    with pytest.raises(CommandError) as caught:
        commands.run(["kplay-no-such-program"])
    assert caught.value.status == 127


def test_a_program_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match="still running after 0 s"):
        commands.run(["sh", "-c", TREE], timeout=0.4)
    assert gone(Path("self"))
    assert gone(Path("child"))
    log = Path("log")
    with pytest.raises(CommandError, match="still running after 0 s"):
        commands.run_logged(["sh", "-c", f"echo hi; {TREE}"], log, timeout=0.4)
    assert log.read_text() == "hi\n"
    assert gone(Path("child"))


def test_a_program_of_a_thread_is_broken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    broken_off = threading.Event()
    threading.Timer(0.3, broken_off.set).start()
    began = time.monotonic()
    with pytest.raises(CommandError, match="broken off"):
        commands.run(["sh", "-c", TREE], broken_off=broken_off)
    assert time.monotonic() - began < 5
    assert gone(Path("child"))


@pytest.mark.parametrize("logged", [False, True])
def test_an_interrupt_lets_a_program_end_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    # A signal just before `wait` is heard by some shells only after it.
    tree = TREE.replace("wait", "while :; do sleep 0.05; done")
    script = f"trap 'echo bye >clean; kill $(cat child); exit 0' INT; {tree}"

    def interrupt() -> None:
        until(Path("self"))
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt).start()
    run = partial(commands.run_logged, log=Path("log"), timeout=60) if logged else commands.run
    try:
        with pytest.raises(KeyboardInterrupt):
            run(["sh", "-c", script])
    finally:
        signal.signal(signal.SIGINT, before)
    assert Path("clean").read_text() == "bye\n"
    assert gone(Path("child"))


def test_a_program_that_heeds_no_interrupt_is_killed(tmp_path: Path) -> None:
    child = tmp_path / "child"
    argv = ["sh", "-c", f"trap '' INT; sleep 1000 & echo $! >{child}; wait"]
    with subprocess.Popen(argv, text=True, start_new_session=True) as process:
        until(child)
        assert commands.end(process, grace=0.2) is False
        assert commands.end(process) is True
    assert process.returncode == -signal.SIGKILL
    assert gone(child)


def test_a_login_that_hangs_ends_with_the_time_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh, "speaks", lambda *_, **__: True)
    began = time.monotonic()
    assert "still running" in ssh.wait("192.0.2.1", ["sleep", "1000"], seconds=0.5)
    assert ssh.wait("192.0.2.1", ["sh", "-c", "echo no >&2; exit 255"], seconds=0.3) == "no"
    assert ssh.wait("192.0.2.1", ["sh", "-c", "exit 9"], seconds=0.3) == "ssh ended with status 9"
    assert ssh.wait("192.0.2.1", ["true"], seconds=5) == ""
    assert time.monotonic() - began < 10
