from __future__ import annotations

import pytest

from kplay.modules import rpm, schema
from kplay.modules.dnf import module
from kplay.testing import FakeHost, plan, play


def host(installed: dict[str, str] | None = None) -> FakeHost:
    """A host with dnf, on which installing and removing works."""
    there = FakeHost(files={"/usr/bin/dnf": ""})
    state = dict(installed or {})

    def lists(_on: FakeHost, argv: object) -> str:
        names = list(argv)[4:]  # type: ignore[call-overload]
        found = [name for name in state if any(rpm.matching({name: None}, one) for one in names)]  # type: ignore[dict-item]
        return "".join(f"{name}\t{state[name]}\tx86_64\n" for name in found)

    def does(_on: FakeHost, argv: object) -> str:
        words = [word for word in list(argv)[1:] if not word.startswith("-")]  # type: ignore[call-overload]
        verb, names = words[0], words[1:]
        for name in names:
            asked = rpm.spec(name)
            if verb in ("install", "upgrade", "downgrade"):
                state[asked.name] = f"0:{asked.version or '9.9'}-1"
            elif verb in ("remove", "autoremove"):
                state.pop(asked.name, None)
        return "Complete!\n"

    there.when("rpm -qa", does=lists).when("rpm -q --whatprovides", rc=1)
    return there.when("dnf -y", does=does).when("dnf makecache").when("dnf -q -C check-update")


def lines(there: FakeHost) -> list[str]:
    return [" ".join(run.argv) for run in there.runs]


def test_a_package_is_installed_once() -> None:
    there = host()
    assert plan(module, {"name": "chrony"}, there).action == "create"
    assert there.runs == []
    done = play(module, {"name": "chrony"}, there)
    assert (done.changed, done["rc"], done["results"]) == (True, 0, ["Complete!"])
    assert lines(there) == ["dnf -y install chrony"]
    again = play(module, {"name": "chrony"}, there)
    assert (again.changed, again.msg) == (False, "Nothing to do")


def test_versions() -> None:
    there = host({"kubelet": "0:1.35.0-1"})
    args = {"name": ["kubelet-1.36.1", "kubelet"], "disable_excludes": "kubernetes"}
    assert plan(module, args, there).action == "update"
    play(module, args, there)
    assert lines(there) == ["dnf -y --disableexcludes=kubernetes install kubelet-1.36.1"]
    assert not play(module, args, there).changed


def test_an_older_version_wants_leave() -> None:
    there = host({"kubelet": "0:1.36.1-1"})

    def refuses(_on: FakeHost, _argv: object) -> str:
        return "Nothing to do.\n"

    there.when("dnf -y install", does=refuses)
    play(module, {"name": "kubelet-1.35.0", "allow_downgrade": True}, there)
    assert lines(there)[-1] == "dnf -y downgrade kubelet-1.35.0"


def test_packages_go() -> None:
    there = host({"firewalld": "0:1.0-1"})
    args = {"name": "firewalld, none", "state": "absent"}
    assert plan(module, args, there).action == "remove"
    assert play(module, args, there).changed
    assert lines(there) == ["dnf -y remove firewalld"]
    assert not play(module, {"name": "firewalld", "state": "removed"}, there).changed


def test_the_latest_is_what_the_lists_say() -> None:
    there = host({"bash": "0:5.1-1"})
    there.when("dnf -q -C check-update", rc=100, stdout="\nbash.x86_64   5.2-1   baseos\n")
    assert plan(module, {"name": "bash", "state": "latest"}, there).action == "update"
    assert not plan(module, {"name": "bash"}, there).changed
    play(module, {"name": "bash", "state": "latest"}, there)
    assert lines(there) == ["dnf -y upgrade bash"]
    assert plan(module, {"name": "*", "state": "latest"}, there).action == "update"


def test_a_provided_name_is_there() -> None:
    there = host({"vim-enhanced": "0:9-1"})
    there.when("rpm -q --whatprovides", stdout="vim-enhanced\n")
    assert not play(module, {"name": "vim"}, there).changed


def test_files_urls_and_groups() -> None:
    there = host({"epel-release": "0:9-7"})
    args = {"name": "https://host/epel-release-9-7.noarch.rpm", "disable_gpg_check": True}
    assert not play(module, args, there).changed
    play(module, {"name": "https://host/other-1-1.noarch.rpm", "disable_gpg_check": True}, there)
    assert lines(there) == ["dnf -y --nogpgcheck install https://host/other-1-1.noarch.rpm"]
    play(module, {"name": "@development"}, there)
    assert lines(there)[-1] == "dnf -y install @development"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"enablerepo": "epel"}, "--enablerepo=epel"),
        ({"disablerepo": ["a", "b"]}, "--disablerepo=a --disablerepo=b"),
        ({"exclude": ["x*"]}, "--exclude=x*"),
        ({"allowerasing": True}, "--allowerasing"),
        ({"best": True}, "--best"),
        ({"nobest": True}, "--nobest"),
        ({"cacheonly": True}, "--cacheonly"),
        ({"conf_file": "/etc/x"}, "--config=/etc/x"),
        ({"download_only": True, "download_dir": "/d"}, "--downloaddir=/d --downloadonly"),
        ({"enable_plugin": ["p"], "disable_plugin": ["q"]}, "--enableplugin=p --disableplugin=q"),
        ({"install_weak_deps": False}, "--setopt=install_weak_deps=False"),
        ({"installroot": "/mnt"}, "--installroot=/mnt"),
        ({"releasever": "9"}, "--releasever=9"),
        ({"security": True, "bugfix": True}, "--security --bugfix"),
        ({"skip_broken": True}, "--skip-broken"),
        ({"sslverify": False}, "--setopt=sslverify=False"),
        ({"validate_certs": False}, "--setopt=sslverify=False"),
    ],
)
def test_options_reach_the_command_line(args: dict[str, object], words: str) -> None:
    there = host()
    play(module, {"name": "x", **args}, there)
    assert lines(there) == [f"dnf -y {words} install x"]


def test_lists_are_fetched_first() -> None:
    there = host()
    play(module, {"name": "x", "update_cache": True, "lock_timeout": 5}, there)
    assert lines(there) == ["dnf makecache", "dnf -y install x"]


def test_only_what_is_there_is_updated() -> None:
    there = host()
    args = {"name": "x", "state": "latest", "update_only": True}
    assert not play(module, args, there).changed


def test_what_nobody_needs_goes() -> None:
    there = host()
    play(module, {"autoremove": True}, there)
    assert lines(there) == ["dnf -y autoremove"]


def test_a_refusal_fails() -> None:
    there = host().when("dnf -y", rc=1, stderr="Error: Unable to find a match: x\n")
    failed = play(module, {"name": "x"}, there)
    assert failed.msg == "Failed to -y install x: Error: Unable to find a match: x"
    assert play(module, {"name": "x"}, FakeHost()).failed


def test_yum_is_used_where_there_is_no_dnf() -> None:
    there = FakeHost(files={"/usr/bin/yum": ""}).when("rpm -q", rc=1).when("rpm -qa")
    there.when("yum -y")
    play(module, {"name": "x", "use_backend": "yum"}, there)
    assert lines(there) == ["yum -y install x"]


@pytest.mark.parametrize(
    ("one", "other", "order"),
    [
        ("1.0-1", "1.0-1", 0),
        ("1.10-1", "1.9-1", 1),
        ("1.0~rc1", "1.0", -1),
        ("1.0a", "1.0", 1),
        ("1.0a", "1.0.1", -1),
        ("2:1.0-1", "1:9.0-1", 1),
    ],
)
def test_versions_compare_as_rpm_does(one: str, other: str, order: int) -> None:
    assert rpm.compare(one, other) == order


@pytest.mark.parametrize(
    ("text", "name", "relation", "version"),
    [
        ("kubelet", "kubelet", "", ""),
        ("kubelet-1.36.1", "kubelet", "=", "1.36.1"),
        ("kubelet-1.36.1-150500.1.1.x86_64", "kubelet", "=", "1.36.1-150500.1.1"),
        ("kubelet >= 1.30", "kubelet", ">=", "1.30"),
        ("iscsi-initiator-utils", "iscsi-initiator-utils", "", ""),
        ("java-11-openjdk", "java-11-openjdk", "", ""),
        ("python3-policycoreutils.noarch", "python3-policycoreutils", "", ""),
    ],
)
def test_packages_as_playbooks_name_them(text: str, name: str, relation: str, version: str) -> None:
    found = rpm.spec(text)
    assert (found.name, found.relation, found.version) == (name, relation, version)


def test_listing_is_for_another_module() -> None:
    assert "package_facts" in schema.normalise(module, {"list": "installed"})[1][0].message


@pytest.mark.parametrize(
    ("backend", "there", "program"),
    [
        ("auto", ["dnf5", "dnf", "yum"], "dnf5"),
        ("dnf5", ["dnf5", "dnf"], "dnf5"),
        ("dnf4", ["dnf5", "dnf-3", "dnf"], "dnf-3"),
        ("dnf", ["dnf5", "dnf"], "dnf"),
        ("yum", ["dnf", "yum"], "yum"),
        ("yum4", ["dnf"], "dnf"),
    ],
)
def test_the_backend_asked_for(backend: str, there: list[str], program: str) -> None:
    on = FakeHost(files={f"/usr/bin/{one}": "" for one in there}).when("rpm", rc=1)
    for one in there:
        on.when(one)
    play(module, {"name": "chrony", "use_backend": backend}, on)
    assert on.runs[0].argv[0] == program


def test_a_backend_that_is_not_there() -> None:
    failed = play(module, {"name": "chrony", "use_backend": "dnf5"}, host())
    assert failed.msg == "use_backend asks for dnf5, which is not on this host"


def test_none_is_installed_for_the_module_itself() -> None:
    for args in ({"auto_install_module_deps": False}, {"install_repoquery": False}):
        there = host()
        play(module, {"name": "chrony", **args}, there)
        assert lines(there) == ["dnf -y install chrony"]
