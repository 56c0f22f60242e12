"""Two real Vagrant machines by vagrant-lxc; the same lab file and playbook on nspawn machines.

The tests run in the order in which they stand: each goes on with what the one before has left.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from machines import HERE, MANIFEST, Outside, Rig, traces

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.hosts

LAB = str(HERE / "lab.yml")
HOSTS = ("v1", "v2")
VAGRANT = HERE.parents[1] / "vagrant"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's directory: what the playbook copies stands in it."""
    directory = tmp_path_factory.mktemp("vagrant")
    tree = directory / "package/DEBIAN"
    tree.mkdir(parents=True)
    (tree / "control").write_text(
        "Package: kplay-sample\nVersion: 1.2\nArchitecture: all\nMaintainer: kplay <k@example>\n"
        "Description: a package of one file\n"
    )
    (directory / "package/usr/share").mkdir(parents=True)
    (directory / "package/usr/share/kplay-sample").write_text("sample\n")
    build = ["dpkg-deb", "--build", "--root-owner-group", directory / "package"]
    subprocess.run([*build, directory / "kplay-sample.deb"], check=True, capture_output=True)
    with tarfile.open(directory / "release.tar.gz", "w:gz") as archive:
        archive.add(directory / "package/usr/share", "share")
    return directory


@pytest.fixture(scope="module")
def rig(work: Path) -> Iterator[Rig]:
    made = Rig(work)
    # In the rig there is no way to a mirror.
    subprocess.run([VAGRANT / "lxc/build-box", "debian-12"], check=True, timeout=900)
    yield made
    if Path("/run/netns", made.name).exists():
        made.kplay("lab", "down", LAB)
        made.deed("down")


@pytest.fixture
def nspawn(work: Path) -> Iterator[Outside]:
    outside = Outside(work)
    outside.kplay("lab", "up", LAB, "--provider", "nspawn")
    yield outside
    outside.kplay("lab", "down", LAB)


def playbook(work: Path) -> list[str]:
    extra = [f"sample_package={work}/kplay-sample.deb", f"sample_archive={work}/release.tar.gz"]
    return [str(HERE / "site.yml"), *(word for one in extra for word in ("-e", one))]


def inventory(rig: Rig) -> Path:
    return rig.directory / "state/kplay/lab/pair/inventory.yml"


def manifests(outside: Outside | None, rig: Rig) -> dict[str, set[str]]:
    """What every host is, line by line: of the lab outside, or of the rig's."""
    script = f"sudo sh -c {shlex.quote(MANIFEST)}"
    if outside is None:
        said = {host: rig.on(inventory(rig), host, script) for host in HOSTS}
    else:
        said = {host: outside.kplay("lab", "ssh", LAB, host, script).stdout for host in HOSTS}
    return {host: set(text.splitlines()) for host, text in said.items()}


def boots(rig: Rig) -> dict[str, list[str]]:
    """When each host was booted, and which it is."""
    command = "systemctl show -p UserspaceTimestampMonotonic; cat /etc/machine-id"
    return {host: rig.on(inventory(rig), host, command).splitlines() for host in HOSTS}


def vagrant(rig: Rig, *argv: str) -> None:
    """What a user does without kplay."""
    state = rig.directory / "state/kplay/lab/pair"
    done = rig.run(
        "vagrant",
        *argv,
        VAGRANT_CWD=str(VAGRANT),
        KPLAY_LAB=str(state / "lab.yml"),
        VAGRANT_DOTFILE_PATH=str(state / "vagrant"),
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_two_machines_come_up_from_nothing(rig: Rig) -> None:
    rig.deed("up")
    done = rig.kplay("lab", "up", LAB, "--provider", "vagrant")
    assert done.stdout == f"{inventory(rig)}\n"
    for host, address in (("v1", "192.168.56.11"), ("v2", "192.168.56.12")):
        assert f"{host}: importing base box 'kplay/debian-12'" in done.stderr
        assert f"{host}: up at {address}" in done.stderr
        found = yaml.safe_load(inventory(rig).read_text())["all"]["hosts"][host]
        assert found["ansible_host"] == found["lab_address"] == address
    told = rig.kplay("lab", "ssh", LAB, "v1", "systemctl is-system-running --wait; hostname")
    assert told.stdout.split() == ["running", "v1"]
    outside = rig.on(inventory(rig), "v1", "ping -c1 -W20 192.0.2.77 2>&1 || true")
    assert "No route to host" in outside
    assert "1 received" in rig.on(inventory(rig), "v1", "ping -qc1 192.168.56.12")
    assert {trace.split()[0] for trace in traces(rig, "pair")} >= {
        "container", "namespace", "cgroup", "process", "state",
    }  # fmt: skip


def test_a_host_key_that_is_not_the_pinned_one_is_refused(rig: Rig) -> None:
    known = rig.directory / "state/kplay/lab/pair/known_hosts"
    right = known.read_text()
    known.write_text(right.replace("v1.", "x.").replace("v2.", "v1.").replace("x.", "v2."))
    done = rig.run(sys.executable, "-m", "kplay", "lab", "ssh", LAB, "v1", "true")
    assert done.returncode == 255
    assert "HOST IDENTIFICATION HAS CHANGED" in done.stderr
    plan = rig.kplay("plan", "--lab", "pair", *playbook(rig.directory), code=4)
    assert "ITS HOST KEY HAS CHANGED" in plan.stdout + plan.stderr
    known.write_text(right)


def test_the_playbook_is_planned_applied_and_done(rig: Rig) -> None:
    arguments = ["--lab", "pair", *playbook(rig.directory)]
    rig.kplay("plan", "--detailed-exitcode", *arguments, code=3)
    tasks = rig.kplay("run", "--list-tasks", *arguments).stdout
    assert tasks.count("TAGS:") - tasks.count("play #") >= 20, tasks
    rig.kplay("apply", "--yes", *arguments)
    done = rig.kplay("plan", "--detailed-exitcode", *arguments)
    assert "no changes" in done.stdout


def test_a_second_up_leaves_running_machines_alone(rig: Rig) -> None:
    was = boots(rig)
    done = rig.kplay("lab", "up", LAB)
    assert "v1: already up\nv2: already up\n" in done.stderr
    assert boots(rig) == was


def test_machines_are_as_they_were_after_a_reload_and_after_a_halt(rig: Rig) -> None:
    was = boots(rig)
    vagrant(rig, "reload", "v1")
    vagrant(rig, "halt", "v2")
    assert "v2 stopped" in " ".join(rig.kplay("lab", "status", "pair", code=4).stdout.split())
    rig.kplay("lab", "up", LAB)
    now = boots(rig)
    for host in HOSTS:
        assert now[host][0] != was[host][0]
        assert now[host][1] == was[host][1]
    done = rig.kplay("plan", "--detailed-exitcode", "--lab", "pair", *playbook(rig.directory))
    assert "no changes" in done.stdout


def test_snapshots_are_plainly_not_to_be_had(rig: Rig) -> None:
    take = "from kplay.lab import find_lab, provider; lab = find_lab('pair');"
    take += "provider.snapshots_of(lab).take(lab, 'fresh', print)"
    done = rig.run(sys.executable, "-c", take)
    assert done.returncode != 0
    assert "`lxc` cannot take snapshots: This provider doesn't support snapshots." in done.stderr


def test_the_same_lab_file_and_playbook_end_in_the_same_state_on_nspawn(
    rig: Rig, nspawn: Outside
) -> None:
    bare = manifests(nspawn, rig)
    nspawn.kplay("apply", "--yes", "--lab", "pair", *playbook(rig.directory))
    nspawn.kplay("plan", "--detailed-exitcode", "--lab", "pair", *playbook(rig.directory))
    there, here = manifests(nspawn, rig), manifests(None, rig)
    for host in HOSTS:
        made = there[host] - bare[host]
        assert len(made) > 30, made
        assert made <= here[host], made - here[host]
        gone = bare[host] - there[host]
        assert not gone & here[host]


def test_down_leaves_nothing_behind(rig: Rig) -> None:
    rig.kplay("lab", "down", LAB)
    rig.deed("down")
    assert traces(rig, "pair") == set()
    index = rig.directory / "vagrant-home/data/machine-index/index"
    assert '"machines":{}' in index.read_text()
