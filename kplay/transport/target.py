"""What a host's variables say of the way to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kplay.errors import UnreachableError
from kplay.transport.become import Become, truthy

if TYPE_CHECKING:
    from collections.abc import Mapping

_SSH = frozenset({"ssh", "smart", "paramiko", "paramiko_ssh", "openssh"})


@dataclass(frozen=True, slots=True)
class Target:
    """One host and the way to it; empty means that ssh_config and the settings decide."""

    name: str
    address: str = ""
    port: int = 0
    user: str = ""
    connection: str = "ssh"
    """ssh, openssh (through the ssh program) or local."""
    password: str = field(default="", repr=False)
    private_key_file: str = ""
    ssh_args: str = ""
    strict: str = ""
    timeout: float = 0.0
    interpreter: str = ""
    become: Become | None = None
    ssh_program: str = "ssh"

    @classmethod
    def from_variables(cls, name: str, variables: Mapping[str, Any]) -> Target:
        """Read every connection variable that Ansible has for SSH and local connections.

        Raises:
            UnreachableError: a value that cannot be, or a kind of connection that kplay lacks.
        """

        def first(*names: str) -> Any:
            given = (variables.get(one) for one in names)
            return next((one for one in given if one not in (None, "")), "")

        kind = str(first("ansible_connection") or "ssh").rpartition(".")[2]
        if kind not in _SSH and kind != "local":
            raise UnreachableError(f"{name}: no connection named `{kind}`: there are ssh and local")
        through = str(first("kplay_transport", "ansible_ssh_transport"))
        if kind != "local":
            kind = "openssh" if "openssh" in {kind, through} else "ssh"
        arguments = (
            first("ansible_ssh_args"),
            first("ansible_ssh_common_args"),
            first("ansible_ssh_extra_args"),
        )
        checking = first("ansible_host_key_checking", "ansible_ssh_host_key_checking")
        return cls(
            name=name,
            address=str(first("ansible_host", "ansible_ssh_host") or name),
            port=_number(name, "ansible_port", first("ansible_port", "ansible_ssh_port")),
            user=str(first("ansible_user", "ansible_ssh_user")),
            connection=kind,
            password=str(first("ansible_password", "ansible_ssh_pass", "ansible_ssh_password")),
            private_key_file=str(first("ansible_ssh_private_key_file", "ansible_private_key_file")),
            ssh_args=" ".join(str(one) for one in arguments if one),
            strict="no" if checking != "" and not truthy(checking) else "",
            timeout=_seconds(name, first("ansible_ssh_timeout", "ansible_timeout")),
            interpreter=str(first("ansible_python_interpreter")),
            become=Become.from_variables(variables),
            ssh_program=str(first("ansible_ssh_executable") or "ssh"),
        )


def _number(name: str, variable: str, value: Any) -> int:
    if value == "":
        return 0
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = 0
    if not 0 < number < 65536:
        raise UnreachableError(f"{name}: {variable} is `{value}`, not a port number")
    return number


def _seconds(name: str, value: Any) -> float:
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        raise UnreachableError(f"{name}: ansible_ssh_timeout is `{value}`, not seconds") from None
