from __future__ import annotations

import pytest

from kplay.errors import UnreachableError
from kplay.transport.become import Become
from kplay.transport.target import Target


def test_a_host_without_variables_is_reached_by_its_name() -> None:
    target = Target.from_variables("h1", {})
    assert (target.address, target.connection, target.port, target.user) == ("h1", "ssh", 0, "")
    assert target.become is None


def test_all_connection_variables() -> None:
    target = Target.from_variables(
        "h1",
        {
            "ansible_host": "10.0.0.1",
            "ansible_port": "2222",
            "ansible_user": "ann",
            "ansible_password": "pw",
            "ansible_ssh_private_key_file": "~/k",
            "ansible_ssh_args": "-C",
            "ansible_ssh_common_args": "-o ProxyJump=b",
            "ansible_ssh_extra_args": "-v",
            "ansible_ssh_timeout": 3,
            "ansible_python_interpreter": "/usr/bin/python3",
        },
    )
    assert (target.address, target.port, target.user) == ("10.0.0.1", 2222, "ann")
    assert target.ssh_args == "-C -o ProxyJump=b -v"
    assert (target.timeout, target.interpreter) == (3.0, "/usr/bin/python3")
    assert (target.password, target.private_key_file) == ("pw", "~/k")


@pytest.mark.parametrize(
    ("variables", "connection"),
    [
        ({"ansible_connection": "local"}, "local"),
        ({"ansible_connection": "ansible.builtin.local"}, "local"),
        ({"ansible_connection": "smart"}, "ssh"),
        ({"ansible_connection": "ssh", "ansible_ssh_transport": "openssh"}, "openssh"),
        ({"kplay_transport": "openssh"}, "openssh"),
        ({"ansible_connection": "paramiko_ssh"}, "ssh"),
    ],
)
def test_kinds_of_connection(variables: dict[str, str], connection: str) -> None:
    assert Target.from_variables("h1", variables).connection == connection


@pytest.mark.parametrize(
    "variables",
    [
        {"ansible_connection": "winrm"},
        {"ansible_port": "many"},
        {"ansible_port": 70000},
        {"ansible_ssh_timeout": "soon"},
        {"ansible_become": True, "ansible_become_method": "runas"},
    ],
)
def test_what_cannot_be_is_refused(variables: dict[str, object]) -> None:
    with pytest.raises(UnreachableError):
        Target.from_variables("h1", variables)


def test_host_key_checking_can_be_turned_off_for_a_host() -> None:
    assert Target.from_variables("h1", {"ansible_host_key_checking": False}).strict == "no"
    assert Target.from_variables("h1", {"ansible_ssh_host_key_checking": "yes"}).strict == ""


def test_become() -> None:
    assert Become.from_variables({"ansible_become": "no"}) is None
    assert Become.from_variables({"ansible_become": "yes"}) == Become()
    become = Become.from_variables(
        {
            "ansible_become": True,
            "ansible_become_user": "etcd",
            "ansible_become_method": "ansible.builtin.su",
            "ansible_su_pass": "pw",
        }
    )
    assert become == Become("etcd", "su", "", "", "pw")


def test_passwords_are_not_shown() -> None:
    target = Target.from_variables(
        "h1", {"ansible_password": "hunter2", "ansible_become": 1, "ansible_become_pass": "hunter2"}
    )
    assert "hunter2" not in repr(target)
