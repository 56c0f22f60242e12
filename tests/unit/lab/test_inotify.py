from __future__ import annotations

import ctypes
import os
import stat
import sys
from pathlib import Path

import pytest

from kplay import lab as labs
from kplay.errors import KplayError
from kplay.lab import inotify, ssh
from kplay.lab.inotify import Inotify
from kplay.lab.load import load_string
from kplay.lab.nspawn import bring_up, machine
from kplay.lab.nspawn.place import Place
from kplay.lab.nspawn.record import Record

DOUBLE = Path(__file__).parent / "vagrant/double.py"


class Kernel:
    """A /proc of its own, beside it a /sys."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.proc = root / "proc"
        (self.proc / "sys/fs/inotify").mkdir(parents=True)
        (self.proc / "version").write_text("")
        self.allow(128, 65536)

    def allow(self, instances: int, watches: int) -> None:
        for name, value in (("instances", instances), ("watches", watches)):
            (self.proc / f"sys/fs/inotify/max_user_{name}").write_text(f"{value}\n")

    def unify(self) -> None:
        (self.root / "sys/fs/cgroup").mkdir(parents=True)
        (self.root / "sys/fs/cgroup/cgroup.controllers").touch()

    def process(self, number: int, *watches: int, uid: int = 0) -> None:
        """One that has an inotify instance for each number of watches, and other files."""
        place = self.proc / str(number)
        for name in ("fd", "fdinfo"):
            (place / name).mkdir(parents=True)
        (place / "status").write_text(f"Name:\tx\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n")
        for at, target in enumerate(["/dev/null", *["anon_inode:inotify"] * len(watches)]):
            (place / "fd" / str(at)).symlink_to(target)
            lines = "inotify wd:1 ino:2\n" * (watches[at - 1] if at else 0)
            (place / "fdinfo" / str(at)).write_text(f"pos:\t0\n{lines}")


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


def warning(lab: labs.Lab, kernel: Kernel, **more: object) -> str:
    return inotify.warning(lab, lab.hosts, proc=kernel.proc, **more)  # type: ignore[arg-type]


def test_what_root_has_is_counted(kernel: Kernel) -> None:
    kernel.process(1, 3, 0)
    kernel.process(7, 5)
    kernel.process(8, 1, 1, 1, uid=1000)
    (kernel.proc / "9").mkdir()
    assert inotify.in_use(proc=kernel.proc) == Inotify(3, 8)
    assert inotify.in_use(proc=kernel.proc, without={7}) == Inotify(2, 3)
    assert inotify.in_use(proc=kernel.proc, only={7, 99}) == Inotify(1, 5)
    assert inotify.limits(kernel.proc) == Inotify(128, 65536)
    assert inotify.limits(kernel.root) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="counts what root has")
def test_real_instances_are_counted() -> None:
    kernel = ctypes.CDLL(None, use_errno=True)
    before = inotify.in_use(only={os.getpid()})
    descriptor = kernel.inotify_init1(0)
    try:
        assert descriptor >= 0, os.strerror(ctypes.get_errno())
        assert kernel.inotify_add_watch(descriptor, b"/tmp", 0x2) > 0
        after = inotify.in_use(only={os.getpid()})
    finally:
        os.close(descriptor)
    assert after == Inotify(before.instances + 1, before.watches + 1)


@pytest.mark.parametrize(
    ("name", "instances", "unified"),
    [("single", 30, 38), ("1+2", 64, 78), ("ha", 131, 161), ("k3s", 64, 78), ("rke2-ha", 131, 161)],
)
def test_what_the_ready_made_labs_take(
    kernel: Kernel, name: str, instances: int, unified: int
) -> None:
    lab = labs.find_lab(name)
    kernel.allow(instances, 65536)
    assert warning(lab, kernel) == ""
    kernel.allow(instances - 1, 65536)
    assert f"will take about {instances} more" in warning(lab, kernel)
    kernel.unify()
    assert f"will take about {unified} more" in warning(lab, kernel)


def test_hosts_that_no_cluster_is_made_of_are_bare(kernel: Kernel) -> None:
    text = "name: x\nhosts: {a: {groups: [masters]}, b: {groups: [workers]}, c: }\n"
    kernel.allow(20, 65536)
    assert "take about 21 more" in warning(load_string(text, "lab.yml"), kernel)
    # The same hosts below a group of Kubernetes, whatever lies between
    text += "groups: {all_k8s: {children: [some]}, some: {children: [masters, workers]}}\n"
    assert "take about 54 more" in warning(load_string(text, "lab.yml"), kernel)


def test_the_warning_names_the_setting_and_a_value(kernel: Kernel) -> None:
    lab = labs.find_lab("1+2")
    kernel.process(1, *[1] * 60)
    kernel.process(2, *[1] * 5)
    assert warning(lab, kernel, without={2}) == ""
    assert warning(lab, kernel) == (
        "warning: root has 65 inotify instances, these hosts will take about 64 more, and"
        " fs.inotify.max_user_instances is 128\n"
        ' = note: programs that go without fail with "too many open files"\n'
        " = help: sudo sysctl -w fs.inotify.max_user_instances=512 (docs/lab-nspawn.md#inotify)"
    )
    kernel.allow(128, 500)
    said = warning(lab, kernel)
    assert "; root has 65 inotify watches, these hosts will take about 490 more, and" in said
    assert "sysctl -w fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288" in said
    kernel.process(3, *[1] * 600)
    kernel.allow(600, 65536)
    assert "fs.inotify.max_user_instances=1024 " in warning(lab, kernel)


def test_a_host_that_failed_is_told_what_may_be_short(kernel: Kernel) -> None:
    kernel.process(1, 1, 1)
    console = "Failed to create control group inotify object: Too many open files"
    said = inotify.diagnosis(console, proc=kernel.proc)
    assert "root has 2 inotify instances on this machine" in said
    assert "fs.inotify.max_user_instances is 128\n" in said
    assert "sudo sysctl -w fs.inotify.max_user_instances=512" in said
    assert inotify.diagnosis("Welcome", proc=kernel.proc) == ""
    kernel.allow(512, 1)
    assert "max_user_instances=1024" in inotify.diagnosis(console, proc=kernel.proc)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel: Kernel) -> Kernel:
    """Nothing that a lab of nspawn machines is made of, but its files; and that kernel."""
    from kplay.lab.nspawn import place

    monkeypatch.setattr(place, "ROOT", tmp_path / "labs")
    for name in ("warning", "diagnosis"):
        real = getattr(inotify, name)
        monkeypatch.setattr(
            inotify,
            name,
            lambda *given, real=real, **more: real(*given, **{**more, "proc": kernel.proc}),
        )
    return kernel


def test_it_is_said_before_a_host_is_made(bare: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    bare.allow(20, 65536)
    said: list[str] = []
    monkeypatch.setattr(bring_up.network, "make_bridges", lambda *_: said.append("bridges"))
    monkeypatch.setattr(bring_up.tree, "lab_keys", lambda _: None)

    def prepare(*_: object) -> None:
        said.append("made")
        raise KplayError("enough")

    monkeypatch.setattr(bring_up, "_prepare", prepare)
    monkeypatch.setattr(bring_up, "_write_inventory", lambda *_: None)
    lab = labs.find_lab("single")
    with pytest.raises(KplayError, match="enough"):
        bring_up.bring_up(
            lab, Place("x"), Record({"main": "10.1.1.0/24"}, {}), lambda *one: said.append(one[1])
        )
    assert [one.partition(":")[0] for one in said] == ["bridges", "warning", "made"]
    said.clear()
    monkeypatch.setattr(machine, "running", lambda _: True)
    monkeypatch.setattr(bring_up, "host_up", lambda *_, **__: None)
    bring_up.bring_up(lab, Place("x"), Record({"main": "10.1.1.0/24"}, {}), print)
    assert said == ["bridges"]


def test_the_console_of_a_host_that_does_not_answer(
    bare: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.process(1, 1)
    lab = load_string("name: x\nhosts: {a: }\n", "lab.yml")
    files = Place("x").host("a")
    files.path.mkdir(parents=True)
    files.console.write_text("Failed to allocate manager object: Too many open files\n")
    monkeypatch.setattr(ssh, "wait", lambda *_, **__: "nothing answers")
    record = Record({"main": "10.1.1.0/24"}, {}).with_hosts(lab, {"debian-12": files.path})
    with pytest.raises(KplayError, match=r"nothing answers\nFailed to allocate .*\n = note: root"):
        bring_up.wait(lab, record, "a")


@pytest.mark.parametrize(("provider", "warned"), [("docker", True), ("libvirt", False)])
def test_containers_of_vagrant_share_it_as_well(
    bare: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str, warned: bool
) -> None:
    program = tmp_path / "bin/vagrant"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {DOUBLE} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("DOUBLE_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(ssh, "wait", lambda *_, **__: "")
    bare.allow(10, 65536)
    text = f"name: x\nprovider: vagrant\nvagrant: {{provider: {provider}}}\nhosts: {{a: , b: }}\n"
    lab = load_string(text, "lab.yml")
    said: list[str] = []
    for _ in range(2):
        labs.up(lab, progress=lambda *one: said.append(": ".join(one)))
    warnings = [one for one in said if "warning" in one]
    assert len(warnings) == warned
    if warned:
        assert warnings[0].startswith("x: warning: root has 0 inotify instances, these hosts will")
        assert said[0] == warnings[0]
