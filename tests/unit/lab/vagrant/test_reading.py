"""What vagrant prints, and the rules that stand in the Vagrantfile's folder too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kplay.errors import KplayError
from kplay.lab.load import VAGRANT_PROVIDERS, load_string
from kplay.lab.model import OSES
from kplay.lab.nspawn.base import PACKAGES
from kplay.lab.vagrant import place
from kplay.lab.vagrant.messages import Message, parse
from kplay.lab.vagrant.networks import addresses, settled
from kplay.lab.vagrant.reach import Reach
from kplay.lab.vagrant.reach import parse as read_ssh_config


def test_a_message_is_read_with_commas_and_line_breaks() -> None:
    line = "1700000000,v1,ui,info,==> v1: one%!(VAGRANT_COMMA) two\\n==> v1: three...\n"
    message = parse(line)
    assert message == Message("v1", "ui", ("info", "==> v1: one, two\n==> v1: three..."))
    assert message.text == "one, two\nthree..."
    assert message.step == "one, two"


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("1,v1,ui,output,==> v1: Machine booted and ready!", "Machine booted and ready!"),
        ("1,v1,ui,detail,    v1: SSH username: vagrant", ""),
        ("1,v1,action,up,start", ""),
        ("1,v1,ui,info,==> v1: Machine already provisioned. Run `vagrant`", ""),
        ("1,v1,ui,warn,==> v1: \x1b[33mnot so\x1b[0m...", "not so"),
    ],
)
def test_what_counts_as_progress(line: str, step: str) -> None:
    message = parse(line)
    assert message is not None
    assert message.step == step


@pytest.mark.parametrize("line", ["", "hello", "a,b,c,d", "1700000000,v1,ui", "\r[KProgress: 1%"])
def test_what_plugins_print_is_no_message(line: str) -> None:
    assert parse(line) is None


def test_ssh_config_is_read() -> None:
    text = """
Host v1
  HostName 192.168.121.7
  User vagrant
  Port 22
  IdentityFile "/a b/key"
  ProxyCommand ssh 'h' -W %h:%p

Host v2
  HostName 127.0.0.1
  Port 2200
  IdentityFile /k
"""
    assert read_ssh_config(text) == {
        "v1": Reach("192.168.121.7", 22, "vagrant", Path("/a b/key"), "ssh 'h' -W %h:%p"),
        "v2": Reach("127.0.0.1", 2200, "vagrant", Path("/k")),
    }


def test_networks_without_a_cidr_get_the_next_that_is_free() -> None:
    text = "name: x\nnetworks: {a: , b: {cidr: 192.168.57.0/24}, c: }\nhosts: {h: , i: {networks: [c]}}"
    lab = settled(load_string(text, "lab.yml"))
    assert [str(one.cidr) for one in lab.networks] == [
        "192.168.56.0/24",
        "192.168.57.0/24",
        "192.168.58.0/24",
    ]
    assert addresses(lab, lab.hosts[1]) == {"a": "192.168.56.12", "c": "192.168.58.12"}


def test_the_vagrantfile_knows_what_a_lab_file_can_say() -> None:
    text = (place.folder() / "Vagrantfile").read_text()
    table = text.partition("BOXES = {")[2].partition("}.freeze")[0]
    assert tuple(re.findall(r'^  "([a-z0-9.-]+)" =>', table, re.MULTILINE)) == OSES
    providers = re.search(r"PROVIDERS = %w\[(.*?)\]", text)
    assert providers is not None
    assert tuple(providers[1].split()) == VAGRANT_PROVIDERS


def test_a_box_for_lxc_holds_what_every_lab_host_has() -> None:
    text = (place.folder() / "lxc/build-box").read_text()
    lists = re.findall(r"^packages\+?=,?(\S+)$", text, re.MULTILINE)
    assert sorted(",".join(lists).split(",")) == sorted(PACKAGES)


def test_an_installation_without_a_vagrantfile_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_FOLDERS", (Path("/nowhere"),))
    with pytest.raises(KplayError, match="there is no Vagrantfile in /nowhere"):
        place.folder()
