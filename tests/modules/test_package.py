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
