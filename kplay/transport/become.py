"""Becoming another user, as ansible_become and its kin say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kplay.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

METHODS = ("sudo", "su", "doas")

_TRUE = frozenset({"yes", "true", "on", "1", "y", "t"})


@dataclass(frozen=True, slots=True)
class Become:
    """Whom to become and how."""

    user: str = "root"
    method: str = "sudo"
    flags: str = ""
    exe: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Become({self.user!r}, {self.method!r})"

    def frame(self) -> dict[str, str]:
        """As the wire has it."""
        return {
            "user": self.user,
            "method": self.method,
            "flags": self.flags,
            "exe": self.exe,
            "password": self.password,
        }

    @classmethod
    def from_variables(cls, variables: Mapping[str, Any]) -> Become | None:
        """What a host's variables say, or None when nobody is to be become.

        Raises:
            UnreachableError: a method that kplay does not have.
        """
        if not truthy(variables.get("ansible_become", False)):
            return None
        method = str(variables.get("ansible_become_method") or "sudo").rpartition(".")[2]
        if method not in METHODS:
            known = ", ".join(METHODS)
            raise UnreachableError(f"no become method named `{method}`: there are {known}")

        def first(*names: str) -> str:
            return next((str(variables[name]) for name in names if variables.get(name)), "")

        return cls(
            user=first("ansible_become_user", f"ansible_{method}_user") or "root",
            method=method,
            flags=first("ansible_become_flags", f"ansible_{method}_flags"),
            exe=first("ansible_become_exe", f"ansible_{method}_exe"),
            password=first(
                "ansible_become_password",
                "ansible_become_pass",
                f"ansible_{method}_password",
                f"ansible_{method}_pass",
            ),
        )


def truthy(value: object) -> bool:
    """Read a boolean variable as Ansible does."""
    return value if isinstance(value, bool) else str(value).strip().lower() in _TRUE
