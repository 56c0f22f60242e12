"""What a plan was made of, as digests: files, the inventory, settings, and kplay itself."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.agent.agreed import digest
from kplay.plan.paths import portable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from kplay.ansible_cfg import AnsibleCfg
    from kplay.inventory.model import Group, Host, Inventory
    from kplay.redaction import Redactor
    from kplay.source import Sourced

_LARGEST = 1024 * 1024
"""Bytes of a file that is looked through for secrets."""


def of_files(paths: Iterable[Path], redactor: Redactor, key: bytes) -> dict[str, str]:
    """Digests by portable path; of a file in which a secret stands, one that is slow to guess."""
    return {portable(path): of_file(path, redactor, key) for path in paths}


def of_file(path: Path, redactor: Redactor, key: bytes) -> str:
    """``sha256:…`` as sha256sum prints it, or ``pbkdf2:…`` where a secret stands in the file."""
    if path.stat().st_size <= _LARGEST:
        text = path.read_bytes().decode("utf-8", "replace")
        if redactor.holds(text):
            return f"pbkdf2:{digest(plain(path), key, slow=True)}"
    return f"sha256:{plain(path)}"


def again(path: Path, before: str, key: bytes) -> str:
    """The digest that a file has now, of the kind of an earlier one; empty where it is gone."""
    try:
        found = plain(path)
    except OSError:
        return ""
    kind = before.partition(":")[0]
    return f"{kind}:{digest(found, key, slow=True) if kind == 'pbkdf2' else found}"


def plain(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache(maxsize=1)
def of_kplay() -> str:
    """SHA-256 over kplay's own sources, by which two builds of one version differ."""
    package = Path(__file__).parents[1]
    made = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        made.update(f"{path.relative_to(package)}\0{plain(path)}\n".encode())
    return made.hexdigest()


def of_inventory(inventory: Inventory, key: bytes, own: Collection[str]) -> str:
    """One slow digest of hosts, groups and their variables as written; vaults stay sealed.

    Args:
        inventory: as it was loaded, programs' output included.
        key: the plan's salt.
        own: names of variables that kplay gives, which differ by machine.
    """
    hosts = {name: [_tables(one, own), one.groups] for name, one in inventory.hosts.items()}
    groups = {
        name: [_tables(one, own), one.hosts, one.children, one.priority]
        for name, one in inventory.groups.items()
    }
    return digest([hosts, groups], key, slow=True)


def of_settings(cfg: AnsibleCfg, key: bytes) -> dict[str, str]:
    """A digest of each setting of ansible.cfg and of the environment."""
    return {name: digest(_portable(value), key) for name, (value, _) in cfg.stored().items()}


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Names whose digests are not the same, or that are in one of the two alone."""
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def _tables(one: Host | Group, own: Collection[str]) -> list[dict[str, Any]]:
    tables = (one.variables, one.file_variables, one.playbook_variables)
    return [_values(table, own) for table in tables]


def _values(table: Mapping[str, Sourced], own: Collection[str]) -> dict[str, Any]:
    return {str(name): given.value for name, given in table.items() if name not in own}


def _portable(value: Any) -> Any:
    if isinstance(value, list):
        return [_portable(one) for one in value]
    return portable(value) if isinstance(value, str) and value.startswith("/") else value
