"""RKE2 by RPM packages: repositories, pinned packages, no update of a running host by the way."""

from __future__ import annotations

import configparser
import json
from typing import TYPE_CHECKING, Any

import pytest

from kplay.modules import rpm
from kplay.testing import FakeHost

if TYPE_CHECKING:
    from collections.abc import Callable

GROUPS = {"rke2_servers": ["s1"], "rke2_agents": ["a1"]}
ROCKY = 'ID="rocky"\nNAME="Rocky Linux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"\n'
BODY = b"\x04" + b"k" * 60
KEY = bytes([0xC6, len(BODY)]) + BODY
LEAP = 'ID="opensuse-leap"\nNAME="openSUSE Leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"\n'
DEBIAN = 'ID=debian\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n'


def machine(release: str, files: dict[str, str] | None = None) -> FakeHost:
    """A host that says which system it is."""
    made = FakeHost(
        files={"/etc/os-release": release, **(files or {})},
        dirs=["/run/systemd/system", "/etc/yum.repos.d"],
        facts={"nodename": "s1", "machine": "x86_64"},
    )
    return made.when("getconf", rc=1).when("locale", rc=1).when("getent", rc=2)


def enterprise(
    files: dict[str, str] | None = None,
    release: str = ROCKY,
    then: Callable[[str], None] = lambda _line: None,
    **installed: str,
) -> FakeHost:
    """An Enterprise Linux host whose dnf installs what it is asked for."""
    host = machine(release, {"/usr/bin/dnf": "", **(files or {})})
    state = dict(installed)

    def lists(_on: FakeHost, argv: Any) -> str:
        names = [
            one for one in state if any(rpm.matching({one: None}, asked) for asked in argv[4:])
        ]
        return "".join(f"{name}\t{state[name]}\tx86_64\n" for name in names)

    def installs(_on: FakeHost, argv: Any) -> str:
        for one in (rpm.spec(word) for word in argv[1:] if word.startswith("rke2-")):
            state[one.name] = f"0:{one.version}-0.el9"
        then(" ".join(argv))
        return "Complete!\n"

    host.when("rpm -qa", does=lists).when("rpm -q --whatprovides", rc=1)
    return host.when("dnf -y", does=installs).when("dnf makecache").when("dnf -q -C check-update")


def installs(player, fake, task="rpm", **variables):
    return player.role(
        f"distribution-install/{task}",
        GROUPS,
        fake,
        distribution="rke2",
        distribution_method="rpm",
        distribution_release="v1.36.3+rke2r1",
        facts=True,
        **variables,
    )


def lines(host: FakeHost, program: str) -> list[str]:
    return [" ".join(run.argv) for run in host.runs if run.argv[0] == program and "-y" in run.argv]


def test_bare_hosts_get_the_repositories_and_the_package_of_their_role(player):
    played = installs(player, {"s1": enterprise(), "a1": enterprise()})
    assert [played.failure(one) for one in ("s1", "a1")] == ["", ""]
    for host, package in (("s1", "rke2-server"), ("a1", "rke2-agent")):
        assert lines(played.hosts[host], "dnf") == [
            (
                "dnf -y --enablerepo=rancher-rke2-common-stable"
                " --enablerepo=rancher-rke2-1.36-stable"
                f" install {package}-1.36.3~rke2r1 rke2-common-1.36.3~rke2r1"
            )
        ]
    file = configparser.ConfigParser()
    file.read_string(played.hosts["s1"].text("/etc/yum.repos.d/rancher-rke2.repo"))
    site = "https://rpm.rancher.io"
    assert {name: dict(file[name]) for name in file.sections()} == {
        "rancher-rke2-common-stable": {
            "name": "Rancher RKE2 Common (stable)",
            "baseurl": f"{site}/rke2/stable/common/centos/9/noarch",
            "gpgcheck": "1",
            "repo_gpgcheck": "1",
            "gpgkey": f"{site}/public.key",
            "enabled": "0",
        },
        "rancher-rke2-1.36-stable": {
            "name": "Rancher RKE2 1.36 (stable)",
            "baseurl": f"{site}/rke2/stable/1.36/centos/9/x86_64",
            "gpgcheck": "1",
            "repo_gpgcheck": "1",
            "gpgkey": f"{site}/public.key",
            "enabled": "0",
        },
    }


def test_a_host_with_an_older_package_is_left_for_later(player):
    host = enterprise({"/usr/bin/rke2": "older"}, **{"rke2-server": "0:1.35.7~rke2r1-0.el9"})
    played = installs(player, {"s1": host, "a1": enterprise()})
    assert lines(played.hosts["s1"], "dnf") == []
    assert "/etc/yum.repos.d/rancher-rke2.repo" in dict(host.files.entries)


def test_its_turn_brings_the_version_wanted_and_only_once(player):
    host = enterprise(
        {"/usr/bin/rke2": "older"},
        **{"rke2-server": "0:1.35.7~rke2r1-0.el9", "rke2-common": "0:1.35.7~rke2r1-0.el9"},
    )
    fake = {"s1": host, "a1": enterprise()}
    assert "Install RKE2's package" in installs(player, fake, "rpm_package").changed("s1")
    assert len(lines(host, "dnf")) == 1
    assert installs(player, fake, "rpm_package").changed("s1") == []
    assert len(lines(host, "dnf")) == 1


@pytest.mark.parametrize(
    ("release", "system"),
    [
        (ROCKY.replace("9.6", "10.0"), "centos/10"),
        ('ID="amzn"\nNAME="Amazon Linux"\nID_LIKE="fedora"\nVERSION_ID="2023"\n', "centos/8"),
        ('ID=fedora\nNAME="Fedora Linux"\nVERSION_ID=43\n', "centos/8"),
    ],
)
def test_systems_and_their_repositories(player, release, system):
    fake = {"s1": enterprise(release=release), "a1": enterprise(release=release)}
    played = installs(player, fake)
    assert f"/rke2/stable/common/{system}/noarch" in played.hosts["s1"].text(
        "/etc/yum.repos.d/rancher-rke2.repo"
    )


def test_a_mirror_of_the_site_and_another_channel(player):
    played = installs(
        player,
        {"s1": enterprise(), "a1": enterprise()},
        distribution_rpm_site="http://mirror.example/rke2-rpm",
        distribution_rpm_channel="latest",
    )
    text = played.hosts["s1"].text("/etc/yum.repos.d/rancher-rke2.repo")
    assert "http://mirror.example/rke2-rpm/rke2/latest/1.36/centos/9/x86_64" in text
    assert "rancher.io" not in text


def test_suse_takes_zypper(player):
    fake = {}
    for name in ("s1", "a1"):
        host = machine(LEAP, {"/usr/bin/zypper": "", "/etc/zypp/repos.d/none.repo": ""})
        host.when("rpm").when("zypper", stdout="<stream/>")
        host.serve("https://rpm.rancher.io/public.key", KEY)
        fake[name] = host
    played = installs(player, fake, planning=True)
    assert "/rke2/stable/common/microos/noarch" in str(played.events)
    assert played.status("s1", "Know the repositories of RKE2's packages") == "skipped"


def test_a_host_without_rpm_is_refused(player):
    played = installs(player, {"s1": machine(DEBIAN), "a1": machine(DEBIAN)})
    assert played.failure("s1") == (
        "distribution_method is rpm, and Debian has no RPM packages: choose bundle or online, which"
        " both bring the tarball"
    )


def running(player, name: str, log: list[str]) -> FakeHost:
    """A server that runs 1.35.7 from its package, in a cluster of two."""
    files = {
        "/usr/bin/rke2": "a program",
        "/usr/lib/systemd/system/rke2-server.service": "[Service]\n",
        "/var/lib/rancher/rke2/server/token": "K10a::server:x",
        "/var/lib/rancher/rke2/server/db/etcd/member/x": "",
        "/var/lib/rancher/rke2/agent/kubelet.kubeconfig": "",
        "/etc/rancher/rke2/rke2.yaml": "",
        "/proc/uptime": "100.0 100.0\n",
    }
    old = "0:1.35.7~rke2r1-0.el9"
    release = ["v1.35.7+rke2r1"]

    def updates(line: str) -> None:
        log.append(f"{name} {line.rpartition('install ')[2]}")
        release[0] = "v1.36.3+rke2r1"

    host = enterprise(files, then=updates, **{"rke2-server": old, "rke2-common": old})
    player.with_units(host, {"rke2-server.service": "active enabled"})

    def kubectl(on: FakeHost, argv: Any) -> str:
        words = list(argv)
        if "drain" in words or "uncordon" in words:
            log.append(f"{name} {words[1]} {words[2]}")
            return ""
        if "--output=jsonpath={.status.nodeInfo.kubeletVersion}" in words:
            return release[0]
        node = {
            "kind": "Node",
            "apiVersion": "v1",
            "metadata": {"name": name},
            "spec": {},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        }
        return json.dumps(node if {"Node", "node"} & set(words) else {"items": [node]})

    def says(_on: FakeHost, _argv: Any) -> str:
        return f"rke2 version {release[0]} (abc)\n"

    host.when("/usr/bin/rke2 --version", does=says)
    return host.when("/var/lib/rancher/rke2/bin/kubectl", does=kubectl)


def test_an_update_of_running_servers_goes_one_by_one_drained_before(player):
    log: list[str] = []
    fake = {name: running(player, name, log) for name in ("s1", "s2")}
    common = {"become": False, "vars": {"distribution": "rke2"}}
    plays = [
        {"hosts": "all", "gather_subset": ["min"], "roles": ["distribution-facts"], **common},
        {"hosts": "all", "gather_facts": False, "roles": ["distribution-install"], **common},
        {
            "hosts": "all",
            "gather_facts": False,
            "serial": 1,
            "roles": ["distribution-server"],
            **common,
        },
    ]
    played = player.run(
        plays,
        {"rke2_servers": ["s1", "s2"], "rke2_agents": []},
        fake,
        distribution_method="rpm",
        distribution_version="v1.36.3+rke2r1",
    )
    assert [played.failure(name) for name in fake] == ["", ""]
    wanted = "rke2-server-1.36.3~rke2r1 rke2-common-1.36.3~rke2r1"
    assert log == [
        "s1 drain s1",
        f"s1 {wanted}",
        "s1 uncordon s1",
        "s2 drain s2",
        f"s2 {wanted}",
        "s2 uncordon s2",
    ]


@pytest.mark.parametrize(
    ("release", "program", "folder"),
    [(ROCKY, "dnf", "/etc/yum.repos.d"), (LEAP, "zypper", "/etc/zypp/repos.d")],
)
def test_uninstall_takes_packages_and_repositories(player, release, program, folder):
    host = machine(
        release,
        {
            "/usr/bin/rke2": "",
            f"/usr/bin/{program}": "",
            f"{folder}/rancher-rke2.repo": "",
            f"{folder}/other.repo": "",
        },
    )
    there = {"rke2-server", "rke2-common"}

    def lists(_on: FakeHost, _argv: Any) -> str:
        return "".join(f"{name}\t0:1.36.3~rke2r1-0.el9\tx86_64\n" for name in sorted(there))

    def removes(_on: FakeHost, argv: Any) -> str:
        if "remove" in argv:
            there.clear()
        return "<stream/>"

    host.when("rpm -qa", does=lists).when("rpm -q --whatprovides", rc=1)
    host.when(program, does=removes)
    played = player.role(
        "distribution-uninstall/rpm", {"rke2_servers": ["s1"]}, {"s1": host}, distribution="rke2"
    )
    assert played.failure("s1") == ""
    assert there == set()
    assert host.listdir(folder) == ["other.repo"]


def test_uninstall_of_a_tarball_asks_no_package_manager(player):
    host = machine(ROCKY, {"/usr/bin/dnf": "", "/usr/local/bin/rke2": ""})
    played = player.role(
        "distribution-uninstall/rpm", {"rke2_servers": ["s1"]}, {"s1": host}, distribution="rke2"
    )
    assert played.changed("s1") == []
    assert [run.argv for run in host.runs] == []
