import pytest

from kplay.modules.api import ModuleFailure
from kplay.modules.package import module
from kplay.testing import FakeHost, plan, play

INSTALLED = "curl\t7.88\tinstall\tinstalled\tamd64\n"


def test_an_installed_package_is_left() -> None:
    host = FakeHost().when("apt-get").when("dpkg-query", stdout=INSTALLED)
    args = {"name": ["curl"], "state": "present"}
    found = module.observe(host, args)
    wanted = module.desire(args, found)
    assert {key: found[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    ("host", "use", "message"),
    [
        (FakeHost().when("apt-get"), "portage", "portage is not supported"),
        (FakeHost(), "auto", "pacman, apk were looked for"),
    ],
)
def test_another_package_manager_is_refused(host: FakeHost, use: str, message: str) -> None:
    with pytest.raises(ModuleFailure, match=message):
        module.observe(host, {"name": ["curl"], "use": use})


def test_a_host_with_dnf_is_asked_with_dnf() -> None:
    there = FakeHost(files={"/usr/bin/dnf": ""}).when("rpm -qa").when("rpm -q", rc=1).when("dnf")
    args = {
        "name": "chrony",
        "enablerepo": "epel",
        "update_cache": True,
        "install_recommends": False,
    }
    assert plan(module, args, there).action == "create"
    assert play(module, args, there).changed
    assert there.runs[-1].argv == ("dnf", "-y", "--enablerepo=epel", "install", "chrony")
    assert play(module, {"name": "chrony", "use": "ansible.builtin.dnf", "state": "removed"}, there)


def test_states_by_their_older_names() -> None:
    there = FakeHost().when("apt-get").when("dpkg-query", stdout=INSTALLED)
    assert not play(module, {"name": "curl", "state": "installed"}, there).changed


@pytest.mark.parametrize("program", ["zypper", "pacman", "apk"])
def test_other_package_managers(program: str) -> None:
    there = FakeHost().when(program).when("rpm -qa").when("rpm -q", rc=1)
    args = {"name": "chrony", "cache_valid_time": 3600, "enablerepo": "epel"}
    assert plan(module, args, there).action == "create"
    assert "after applying" in play(module, args, there).msg  # the double installs nothing
    assert there.runs[-1].argv[0] == program
    assert there.runs[-1].argv[-1] == "chrony"


def dnf_line(**args: object) -> str:
    """What dnf is called with to install a package."""
    there = FakeHost(files={"/usr/bin/dnf": ""}).when("rpm -qa").when("rpm -q", rc=1).when("dnf")
    play(module, {"name": "chrony", **args}, there)
    return " ".join(there.runs[-1].argv)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"allowerasing": True}, "--allowerasing"),
        ({"best": True}, "--best"),
        ({"best": False}, "--nobest"),
        ({"nobest": True}, "--nobest"),
        ({"bugfix": True}, "--bugfix"),
        ({"security": True}, "--security"),
        ({"cacheonly": True}, "--cacheonly"),
        ({"conf_file": "/etc/other.conf"}, "--config=/etc/other.conf"),
        ({"disable_excludes": "all"}, "--disableexcludes=all"),
        ({"disable_gpg_check": True}, "--nogpgcheck"),
        ({"disable_plugin": "copr"}, "--disableplugin=copr"),
        ({"enable_plugin": ["a", "b"]}, "--enableplugin=a --enableplugin=b"),
        ({"disablerepo": "epel"}, "--disablerepo=epel"),
        ({"exclude": "kernel*"}, "--exclude=kernel*"),
        ({"download_only": True}, "--downloadonly"),
        ({"download_dir": "/srv"}, "--downloaddir=/srv"),
        ({"install_weak_deps": False}, "--setopt=install_weak_deps=False"),
        ({"installroot": "/mnt"}, "--installroot=/mnt"),
        ({"releasever": "9"}, "--releasever=9"),
        ({"skip_broken": True}, "--skip-broken"),
        ({"sslverify": False}, "--setopt=sslverify=False"),
        ({"validate_certs": False}, "--setopt=sslverify=False"),
    ],
    ids=str,
)
def test_options_that_dnf_alone_has(args: dict[str, object], words: str) -> None:
    assert dnf_line() == "dnf -y install chrony"
    assert dnf_line(**args) == f"dnf -y {words} install chrony"
    assert apt_line(**args) == apt_line()


def apt_line(**args: object) -> str:
    """What apt-get is called with to install a package."""
    there = FakeHost().when("apt-get").when("dpkg-query", rc=1)
    play(module, {"name": "chrony", **args}, there)
    return " ".join(there.runs[0].argv) if there.runs else ""


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"allow_change_held_packages": True}, "--allow-change-held-packages"),
        ({"allow_downgrade": True}, "--allow-downgrades"),
        ({"allow_unauthenticated": True}, "--allow-unauthenticated"),
        ({"autoremove": True}, "--auto-remove"),
        ({"default_release": "sid"}, "-t sid"),
        ({"fail_on_autoremove": True}, "--no-remove"),
        ({"purge": True}, "--purge"),
        (
            {"force": True},
            "--allow-downgrades --allow-change-held-packages --allow-unauthenticated",
        ),
    ],
    ids=str,
)
def test_options_that_apt_has(args: dict[str, object], words: str) -> None:
    assert apt_line(**args) == apt_line().replace(" install", f" {words} install")


def test_what_changes_apts_locks_and_dpkgs_options() -> None:
    assert "-o DPkg::Lock::Timeout=7 " in apt_line(lock_timeout=7)
    assert "-o Dpkg::Options::=--force-confnew install" in apt_line(dpkg_options="force-confnew")


@pytest.mark.parametrize(
    "args",
    [
        {"force_apt_get": True},
        {"auto_install_module_deps": False},
        {"install_repoquery": False},
    ],
    ids=str,
)
def test_what_only_ansibles_own_programs_need_changes_nothing(args: dict[str, object]) -> None:
    assert apt_line(**args) == apt_line()
    assert dnf_line(**args) == dnf_line()


def test_only_what_is_there_is_upgraded() -> None:
    assert apt_line(only_upgrade=True) == ""
    there = FakeHost(files={"/usr/bin/dnf": ""}).when("rpm", rc=1).when("dnf")
    assert not play(module, {"name": "chrony", "update_only": True}, there).changed
    assert there.runs == []


def test_the_backend_of_dnf() -> None:
    there = FakeHost(files={"/usr/bin/dnf": "", "/usr/bin/dnf5": ""})
    there.when("rpm", rc=1).when("dnf").when("dnf5")
    play(module, {"name": "chrony", "use_backend": "dnf4"}, there)
    assert there.runs[0].argv[0] == "dnf"


def test_lists_are_asked_for_again() -> None:
    there = FakeHost().when("apt-get update", rc=100, stderr="no mirror").when("apt-get -s")
    there.when("dpkg-query", rc=1)
    before = there.now
    args = {"update_cache": True, "update_cache_retries": 3, "update_cache_retry_max_delay": 1}
    failed = play(module, {"name": "chrony", **args}, there)
    assert failed.msg == "Failed to update apt cache: no mirror"
    assert (len(there.runs), there.now - before) == (3, 2.0)


@pytest.mark.parametrize("program", ["apt-get", "dnf", "zypper", "pacman", "apk"])
def test_lists_are_asked_for_without_any_package(program: str) -> None:
    there = FakeHost().when(program).when("rpm -qa").when("dpkg-query")
    assert not play(module, {"update_cache": True}, there).failed
    assert all(run.argv[0] == program for run in there.runs)
    with pytest.raises(AssertionError, match="needs one of the arguments"):
        play(module, {"state": "latest"}, there)


def test_services_may_be_forbidden_to_start() -> None:
    seen = []
    there = FakeHost().when("dpkg-query", rc=1).when("apt-get -s")
    policy = "/usr/sbin/policy-rc.d"
    there.when("apt-get -y", does=lambda on, _: seen.append(on.text(policy)))
    play(module, {"name": "chrony", "policy_rc_d": 101}, there)
    assert seen == ["#!/bin/sh\nexit 101\n"]
    assert there.stat(policy) is None


def test_what_is_no_ones_but_the_hosts() -> None:
    assert apt_line(autoclean=True) == apt_line()
    assert apt_line(clean=True).endswith(" clean")


@pytest.mark.parametrize("args", [{"upgrade": "dist"}, {"deb": "/srv/x.deb"}], ids=str)
def test_apt_takes_one_of_name_deb_and_upgrade(args: dict[str, object]) -> None:
    there = FakeHost(files={"/srv/x.deb": ""}).when("apt-get").when("dpkg-query", rc=1)
    failed = play(module, {"name": "chrony", **args}, there)
    assert failed.msg == f"`apt` takes only one of `name` and `{next(iter(args))}`"
    assert there.runs == []
    assert dnf_line(**args) == dnf_line()
