from __future__ import annotations

import json
import os
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

import pytest

from kplay import lab as labs
from kplay.errors import CommandError, KplayError
from kplay.lab import ssh
from kplay.lab.commands import run
from kplay.lab.load import load_string
from kplay.lab.nspawn import base, cgroups, machine, network, place
from kplay.lab.nspawn.record import Record, other_networks

if TYPE_CHECKING:
    from pathlib import Path

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
def test_a_lab_gets_the_network_that_its_name_leads_to() -> None:
    first = network.choose_network("demo", None, [])
    assert first == network.choose_network("demo", None, [])
    assert first.subnet_of(IPv4Network("10.90.0.0/16"))
    assert first.prefixlen == 24


@pytest.mark.usefixtures("_routes")
def test_a_network_in_use_is_passed_over() -> None:
    first = network.choose_network("demo", None, [])
    second = network.choose_network("demo", None, [str(first)])
    assert not first.overlaps(second)
    taken = [str(one) for one in IPv4Network("10.90.0.0/16").subnets(new_prefix=24)]
    with pytest.raises(KplayError, match="no free network"):
        network.choose_network("demo", None, taken)


@pytest.mark.usefixtures("_routes")
def test_a_network_asked_for_is_taken_or_refused() -> None:
    wanted = IPv4Network("10.90.4.0/24")
    assert network.choose_network("demo", wanted, []) == wanted
    with pytest.raises(KplayError, match=r"overlaps 10\.90\.3\.0/24, which is in use"):
        network.choose_network("demo", IPv4Network("10.90.3.128/25"), [])


def test_addresses_count_from_eleven() -> None:
    assert str(network.address(IPv4Network("10.90.4.0/24"), 0)) == "10.90.4.11"


def test_link_names_fit_and_namespaces_of_similar_labs_are_apart() -> None:
    assert len(network.controller_link("x" * 30)) <= 15
    assert network.host_namespace("a", "b-c") != network.host_namespace("a-b", "c")
    assert not network.host_namespace("a-b", "c").startswith(network.lab_namespace("a") + ".")


def test_hosts_keep_their_numbers_when_the_lab_file_changes() -> None:
    record = Record("10.90.1.0/24", {}, "/base").numbered(["a", "b", "c"])
    assert record.numbers == {"a": 0, "b": 1, "c": 2}
    del record.numbers["a"]
    again = record.numbered(["new", "b", "c", "other"])
    assert again.numbers == {"b": 1, "c": 2, "new": 0, "other": 3}
    assert again.address("other") == "10.90.1.14"
    assert again.address("gone") == ""


def test_the_networks_of_other_labs_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "ROOT", tmp_path)
    (tmp_path / "demo").mkdir()
    Record("10.90.1.0/24", {}, "").save(place.Place("demo"))
    assert other_networks("demo") == []
    assert other_networks("else") == ["10.90.1.0/24"]


def test_a_record_cut_short_by_a_power_loss_is_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"network')
    assert place.read_json(tmp_path / "x.json") == {}


def test_the_base_tree_is_named_by_what_goes_into_it() -> None:
    plain = load_string(TEXT, "lab.yml")
    more = load_string(TEXT + "packages: [rsync]\n", "lab.yml")
    assert base.digest(plain) == base.digest(load_string(TEXT.replace("demo", "other"), "x"))
    assert base.digest(plain) != base.digest(more)


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


def test_a_lab_that_is_not_up_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "ROOT", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    lab = load_string(TEXT, "lab.yml")
    for call in (labs.kill_host, labs.cut_link, labs.upper_directory):
        with pytest.raises(KplayError, match="host `a` of lab `demo` is not up"):
            call(lab, "a")
    with pytest.raises(KplayError, match="is not up"):
        labs.ssh_argv(lab, "a", [])
    with pytest.raises(KplayError, match="is not up"):
        labs.become_password(lab)
    assert [one.state for one in labs.status(lab)] == ["absent", "absent"]
