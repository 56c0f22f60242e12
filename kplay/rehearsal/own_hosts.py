"""Holds a rehearsal to the lab: no host of it may be reached at another address.

A lab that mirrors an inventory has hosts of the same names, and ``host_vars`` beside the playbook
win over an inventory: an ``ansible_host`` there would lead to the real host.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.source import Sourced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kplay.execute.prepare import Prepared

WAYS = (
    "ansible_host",
    "ansible_ssh_host",
    "ansible_port",
    "ansible_ssh_port",
    "ansible_connection",
)
"""The variables that decide which machine a host's name stands for."""
_HELP = "say where hosts are in the real inventory itself: what stands there is not read for a lab"


def check(prepared: Prepared, hosts: Iterable[str], inventory: Path) -> None:
    """Refuse variables that lead a lab's host elsewhere.

    Args:
        prepared: the playbooks with the lab's inventory.
        hosts: the names of the lab's hosts.
        inventory: the lab's inventory, which alone may say where they are.

    Raises:
        InputError: something else says it, for each place that does.
    """
    found = {one.span: one for one in _strangers(prepared, hosts, inventory.resolve())}
    if found:
        raise InputError(found.values())


def _strangers(prepared: Prepared, hosts: Iterable[str], inventory: Path) -> Iterator[Diagnostic]:
    for host in hosts:
        scope = prepared.store.scope(None, host)
        for name in WAYS:
            written = scope.written(name)
            if not isinstance(written, Sourced):
                continue
            if Path(written.document.file).resolve() == inventory:
                continue
            yield Diagnostic(
                "lab-test-host",
                f"`{name}` leads the lab's host `{host}` away from the lab",
                written.span,
                help=(_HELP,),
            )
