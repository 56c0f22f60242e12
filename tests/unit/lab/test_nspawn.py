from __future__ import annotations

import json
import os
import threading
import time
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from kplay import lab as labs
from kplay.errors import CommandError, KplayError, UsageError
from kplay.lab import ssh
from kplay.lab.commands import run
from kplay.lab.load import load_string
from kplay.lab.nspawn import base, cgroups, machine, network, place, snapshots
from kplay.lab.nspawn.record import Record, other_networks
from kplay.lab.side_by_side import HostsFailedError, on_each
from kplay.lab.snapshot import checked_name, name_of_now, readable_size

TEXT = "name: demo\nhosts: {a: , b: {groups: [g], memory: 512}}\ngroups: {g: {vars: {x: [1]}}}\n"


@pytest.fixture
def _routes(monkeypatch: pytest.MonkeyPatch) -> None:
    routes = [
        {"dst": "default"},
        {"dst": "10.90.3.0/24"},
        {"dst": "127.0.0.0/8"},
        {"dst": "1.1.1.1"},
    ]
    monkeypatch.setattr(network, "run", lambda argv: json.dumps(routes))


@pytest.mark.usefixtures("_routes")
def test_a_lab_gets_the_networks_that_its_name_leads_to() -> None:
    first, second = network.choose_networks("demo", [None, None], [])
    assert [first, second] == network.choose_networks("demo", [None, None], [])
    assert first.subnet_of(IPv4Network("10.90.0.0/16"))
    assert first.prefixlen == 24
    assert not first.overlaps(second)


@pytest.mark.usefixtures("_routes")
def test_a_network_in_use_is_passed_over() -> None:
    [first] = network.choose_networks("demo", [None], [])
    [second] = network.choose_networks("demo", [None], [str(first)])
    assert not first.overlaps(second)
    taken = [str(one) for one in IPv4Network("10.90.0.0/16").subnets(new_prefix=24)]
    with pytest.raises(KplayError, match="no free network"):
        network.choose_networks("demo", [None], taken)


@pytest.mark.usefixtures("_routes")
def test_a_network_asked_for_is_taken_or_refused() -> None:
    wanted = IPv4Network("10.90.4.0/24")
    assert network.choose_networks("demo", [wanted], []) == [wanted]
    with pytest.raises(KplayError, match=r"overlaps 10\.90\.3\.0/24, which is in use"):
        network.choose_networks("demo", [None, IPv4Network("10.90.3.128/25")], [])


def test_link_names_fit_and_namespaces_of_similar_labs_are_apart() -> None:
    assert len(network.controller_link("x" * 30)) <= 15
    assert network.host_namespace("a", "b-c") != network.host_namespace("a-b", "c")
    assert not network.host_namespace("a-b", "c").startswith(network.lab_namespace("a") + ".")


BASES = {"debian-12": Path("/bases/12"), "debian-13": Path("/bases/13")}
STORAGE = """\
name: demo
networks: {main: , storage: , backup: }
hosts:
  a: {disks: [1, 2], networks: [backup]}
  b: {os: debian-13}
"""


def allotted(*names: str) -> Record:
    return Record({name: f"10.90.{at}.0/24" for at, name in enumerate(names, 1)}, {})


def lab_of(text: str) -> labs.Lab:
    return load_string(text, "lab.yml")


def test_hosts_keep_their_positions_when_the_lab_file_changes() -> None:
    text = "name: demo\nhosts: {%s: }\n"
    record = allotted("main").with_hosts(lab_of(text % "a: , b: , c"), BASES)
    assert {name: one.position for name, one in record.hosts.items()} == {"a": 11, "b": 12, "c": 13}
    assert record.surplus(lab_of(text % "b: , c")) == ["a"]
    del record.hosts["a"]
    again = record.with_hosts(lab_of(text % "new: , b: , c: , other"), BASES)
    assert [one.position for one in again.hosts.values()] == [12, 13, 11, 14]
    assert again.address("other") == "10.90.1.14"
    assert again.address("gone") == ""


def test_a_host_has_an_address_in_each_of_its_networks() -> None:
    record = allotted("main", "storage", "backup").with_hosts(lab_of(STORAGE), BASES)
    assert record.addresses("a") == {"main": "10.90.1.11", "backup": "10.90.3.11"}
    assert [(one.bridge, one.port, one.interface) for one in record.cables("demo", "a")] == [
        ("br0", "port11", "eth0"), ("br2", "port11n2", "eth1"),
    ]  # fmt: skip
    assert [str(one.address) for one in record.cables("demo", "b")] == [
        "10.90.1.12/24", "10.90.2.12/24", "10.90.3.12/24",
    ]  # fmt: skip
    hardware = [one.hardware for host in "ab" for one in record.cables("demo", host)]
    assert len(set(hardware)) == 5
    assert record.hosts["b"].base == "/bases/13"


def test_an_address_of_ones_own_is_the_hosts() -> None:
    text = (
        "name: demo\nnetworks: {main: {cidr: 10.91.1.0/24}}\n"
        "hosts: {a: , b: {address: 10.91.1.5}}\n"
    )
    record = Record({"main": "10.91.1.0/24"}, {}).with_hosts(lab_of(text), BASES)
    assert (record.address("a"), record.address("b")) == ("10.91.1.11", "10.91.1.5")
    with pytest.raises(KplayError, match="made with the position 5, its file says 6; take the"):
        record.with_hosts(lab_of(text.replace("1.5}", "1.6}")), BASES)
    with pytest.raises(KplayError, match="a, c of lab `demo` would have the same address"):
        record.with_hosts(
            lab_of(text.replace("hosts: {a: ", "hosts: {c: {address: 10.91.1.11}")), BASES
        )


@pytest.mark.parametrize(
    ("was", "now", "message"),
    [
        ("disks: [1, 2]", "disks: [1]", "disks 1 GiB and 2 GiB, its file says 1 GiB"),
        ("[backup]", "[storage]", "networks main, backup, its file says main, storage"),
        ("{os: debian-13}", "{}", "operating system debian-13, its file says debian-12"),
    ],
)
def test_what_a_host_was_made_with_cannot_change(was: str, now: str, message: str) -> None:
    record = allotted("main", "storage", "backup").with_hosts(lab_of(STORAGE), BASES)
    assert record.with_hosts(lab_of(STORAGE), BASES) == record
    with pytest.raises(KplayError, match=f"{message}; take the lab down first"):
        record.with_hosts(lab_of(STORAGE.replace(was, now)), BASES)


def test_the_networks_of_a_lab_that_is_up_cannot_change() -> None:
    record = allotted("main", "storage", "backup")
    assert record.with_networks(lab_of(STORAGE)) == record
    with pytest.raises(KplayError, match=r"networks main 10\.90\.1\.0/24, .* says main"):
        record.with_networks(lab_of(TEXT))
    other = STORAGE.replace("main: ,", "main: {cidr: 10.91.1.0/24},")
    with pytest.raises(KplayError, match=r"says main 10\.91\.1\.0/24, storage 10\.90\.2\.0/24"):
        record.with_networks(lab_of(other))


def test_the_networks_of_other_labs_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "ROOT", tmp_path)
    (tmp_path / "demo").mkdir()
    allotted("main", "storage").save(place.Place("demo"))
    assert other_networks("demo") == []
    assert other_networks("else") == ["10.90.1.0/24", "10.90.2.0/24"]


def test_a_record_cut_short_by_a_power_loss_is_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"network')
    assert place.read_json(tmp_path / "x.json") == {}


def test_the_base_tree_is_named_by_what_goes_into_it() -> None:
    plain = base.digest("debian-12", [])
    assert plain == base.digest("debian-12", ["python3"])
    assert plain != base.digest("debian-12", ["rsync"])
    assert plain != base.digest("debian-13", [])


def test_the_cache_is_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("KPLAY_CACHE", raising=False)
    assert place.cache() == tmp_path / "xdg/kplay/lab"
    monkeypatch.setenv("KPLAY_CACHE", str(tmp_path / "own"))
    assert place.cache() == tmp_path / "own/lab"


def test_another_process_with_the_same_number_is_not_ours(tmp_path: Path) -> None:
    files = place.HostPlace(tmp_path)
    assert not machine.running(files)
    start = machine.start_time(os.getpid())
    (tmp_path / "identity").write_text(f"{os.getpid()} {start}")
    assert machine.running(files)
    (tmp_path / "identity").write_text(f"{os.getpid()} {(start or 0) + 1}")
    assert not machine.running(files)
    machine.stop(files)
    assert not (tmp_path / "identity").exists()


def test_our_own_cgroups_are_directories() -> None:
    for directory in cgroups.own_cgroups():
        assert (directory / "cgroup.procs").exists()


def test_the_ssh_command_line_trusts_the_pinned_key_alone(tmp_path: Path) -> None:
    argv = ssh.argv(
        "10.0.0.1", "ops", key_file=tmp_path / "k", known_hosts=tmp_path / "h", command=["id"]
    )
    assert argv[-2:] == ["ops@10.0.0.1", "id"]
    assert f"UserKnownHostsFile={tmp_path / 'h'}" in argv
    assert "StrictHostKeyChecking=yes" in argv
    assert ssh.known_hosts_text({"10.0.0.1": "ssh-ed25519 AAAA"}) == "10.0.0.1 ssh-ed25519 AAAA\n"


def test_waiting_for_a_host_that_never_answers_says_so() -> None:
    assert ssh.wait("127.255.255.254", ["true"], seconds=0.2) == (
        "nothing answers at 127.255.255.254, port 22"
    )


def test_a_failing_program_is_shown_with_its_last_lines() -> None:
    with pytest.raises(CommandError, match="status 3\nno such thing") as caught:
        run(["sh", "-c", "echo no such thing >&2; exit 3"])
    assert caught.value.status == 3
    with pytest.raises(CommandError, match="status 127"):
        run(["/nowhere/program"])
    with pytest.raises(CommandError, match="still running after 0 s"):
        run(["sleep", "5"], timeout=0.1)


def test_without_root_there_is_a_plain_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(KplayError, match="need root"):
        labs.up(load_string(TEXT, "lab.yml"), progress=lambda host, message: None)


def test_a_lab_that_is_up_is_closed_to_others_than_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "ROOT", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    lab = load_string(TEXT, "lab.yml")
    assert labs.inventory_path(lab) == tmp_path / "demo/inventory.yml"
    (tmp_path / "demo").mkdir()
    with pytest.raises(KplayError, match="need root"):
        labs.inventory_path(lab)
    with pytest.raises(KplayError, match="need root"):
        labs.ssh_argv(lab, "a", [])


def test_a_lab_that_is_not_up_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "ROOT", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    lab = load_string(TEXT, "lab.yml")
    for call in (labs.kill_host, labs.cut_link, labs.upper_directory):
        with pytest.raises(KplayError, match="lab `demo` is not up"):
            call(lab, "a")
    with pytest.raises(KplayError, match="is not up"):
        labs.ssh_argv(lab, "a", [])
    with pytest.raises(KplayError, match="is not up"):
        labs.become_password(lab)
    assert [one.state for one in labs.status(lab)] == ["absent", "absent"]


def test_what_fails_on_some_hosts_is_done_on_the_others() -> None:
    done = []

    def deed(host: str) -> None:
        if host in "bd":
            raise KplayError(f"{host} fails")
        done.append(host)

    with pytest.raises(HostsFailedError, match=r"^b fails\nd fails$") as caught:
        on_each("abcd", deed)
    assert sorted(done) == ["a", "c"]
    assert caught.value.messages == {"b": "b fails", "d": "d fails"}


def test_whoever_waits_is_told_when_the_caller_is_interrupted() -> None:
    broken_off = threading.Event()

    def deed(host: str) -> None:
        if host == "a":
            raise KeyboardInterrupt
        assert broken_off.wait(10)

    with pytest.raises(KeyboardInterrupt):
        on_each("ab", deed, broken_off=broken_off)


def test_waiting_ends_when_it_is_broken_off() -> None:
    broken_off = threading.Event()
    broken_off.set()
    began = time.monotonic()
    assert ssh.wait("127.255.255.254", ["true"], seconds=30, broken_off=broken_off)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("name", ["", "a/b", "..", "-x", ".x", "x" * 65, "a b"])
def test_a_snapshot_has_a_name_that_can_be_a_directory(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a snapshot"):
        checked_name(name)


def test_a_snapshot_without_a_name_gets_the_time() -> None:
    assert checked_name(name_of_now()).startswith("20")
    assert [readable_size(size) for size in (0, 1023, 1536, 20 << 20, 3 << 40)] == [
        "0 B", "1023 B", "1.5 KiB", "20 MiB", "3.0 TiB",
    ]  # fmt: skip


def test_snapshots_are_listed_by_age_and_missed_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "ROOT", tmp_path)
    lab = place.Place("demo")
    assert snapshots.facts(lab) == []
    with pytest.raises(KplayError, match="no snapshot `x`; it has none"):
        snapshots.remove(lab, "x")
    for name, taken in (("a", "2026-02-01"), ("z", "2026-01-01"), (".partial", "2026-03-01")):
        (lab.snapshots / name).mkdir(parents=True)
        data = {"taken": f"{taken}T00:00:00+00:00", "size": 5, "hosts": {}}
        place.write_json(lab.snapshots / name / "snapshot.json", data)
    assert [one.name for one in snapshots.facts(lab)] == ["z", "a"]
    with pytest.raises(KplayError, match="is of other hosts or addresses"):
        snapshots.restore(lab, allotted("main").with_hosts(lab_of(TEXT), BASES), "a")
    snapshots.remove(lab, "z")
    assert [one.name for one in snapshots.facts(lab)] == ["a"]


def test_a_cgroup_without_a_freezer_is_not_frozen(tmp_path: Path) -> None:
    with pytest.raises(KplayError, match="no freezer"):
        cgroups.freeze([tmp_path])
    (tmp_path / "cgroup.freeze").write_text("0")
    (tmp_path / "cgroup.events").write_text("populated 1\nfrozen 0\n")
    with pytest.raises(KplayError, match="does not freeze: not within 0 s"):
        cgroups.freeze([tmp_path], seconds=0.05)
    assert (tmp_path / "cgroup.freeze").read_text() == "0"
    (tmp_path / "cgroup.events").write_text("populated 1\nfrozen 1\n")
    cgroups.freeze([tmp_path])
    assert (tmp_path / "cgroup.freeze").read_text() == "1"
