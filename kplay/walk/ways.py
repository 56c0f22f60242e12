"""The way to a host: one agent for each connection, user and port that tasks ask for.

The inventory wins over keywords, as in Ansible. Most tasks of a host go the same way, whose key is
the host's name; another way has its variables in the key, so that a resumed run finds it again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kplay.playbook.model import effective
from kplay.resolve.faults import TemplateError
from kplay.resolve.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.graph.model import PlayStrand
    from kplay.playbook.model import Node
    from kplay.resolve.scope import Scope
    from kplay.resolve.variables import VariableStore

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})

KEYWORDS = {"connection": "ansible_connection", "remote_user": "ansible_user",
            "port": "ansible_port"}  # fmt: skip
VARIABLES = (*KEYWORDS.values(), "ansible_host", "ansible_python_interpreter")
"""What a task's own variables may say of the way."""

_KEY = re.compile(r"(.*) \((ansible_\w+=[^;()]+(?:; ansible_\w+=[^;()]+)*)\)\Z", re.DOTALL)


def key_of(host: str, variables: dict[str, str]) -> str:
    """The name of a way: the host's, with what differs from the host's own way."""
    if not variables:
        return host
    return f"{host} ({'; '.join(f'{name}={value}' for name, value in variables.items())})"


def read_key(key: str) -> tuple[str, dict[str, str]]:
    """The host and the variables of a way."""
    found = _KEY.match(key)
    if found is None:
        return key, {}
    pairs = (part.partition("=") for part in found[2].split("; "))
    return found[1], {name: value for name, _, value in pairs}


def ground(key: str) -> str:
    """The host that a way ends on: the controller's own way has no other name."""
    host, variables = read_key(key)
    return "localhost" if variables.get("ansible_connection") == "local" else host


def agreed(plays: Sequence[PlayStrand], host: str) -> dict[str, str]:
    """What every play of a host says of the way, as variables."""
    found = {}
    for keyword, variable in KEYWORDS.items():
        said = {_written(play, keyword) for play in plays if host in play.hosts}
        first = next(iter(said), None)
        if len(said) == 1 and first is not None and "{{" not in first:
            found[variable] = first
    return found


def _written(strand: PlayStrand, keyword: str) -> str | None:
    given = strand.play.keywords.get(keyword)
    return None if given is None else str(given.value)


class Ways:
    """Which way a task goes to its host."""

    def __init__(self, plays: Sequence[PlayStrand], store: VariableStore) -> None:
        self.plays, self.store = plays, store
        self._own: dict[str, dict[str, str]] = {}

    def key(self, strand: PlayStrand, node: Node, host: str, target: str, scope: Scope) -> str:
        """The key of the way to the target of a task on a host."""
        if target in LOCAL and target != host and not self.store.inventory.hosts.get(target):
            return target
        own = self._own.get(target)
        if own is None:
            own = self._own[target] = self._of_host(target)
        differing: dict[str, str] = {}
        there = scope if target == host else scope.sibling(target)
        for name in VARIABLES if target == host else ():
            value = _said(scope, name)
            if value is not None and value != own.get(name):
                differing[name] = value
        for keyword, name in KEYWORDS.items():
            given = effective(strand.play, node, keyword)
            if given is None or name in differing or _said(there, name) is not None:
                continue
            value = str(scope.template(given))
            if value != own.get(name):
                differing[name] = value
        return key_of(target, differing)

    def is_local(self, host: str) -> bool:
        """Whether tasks of a host run where kplay does."""
        return host in LOCAL or self._of_host(host).get("ansible_connection") == "local"

    def _of_host(self, host: str) -> dict[str, str]:
        scope = self.store.scope(None, host)
        found = {name: _said(scope, name) for name in VARIABLES}
        own = {name: value for name, value in found.items() if value is not None}
        return {"ansible_host": host, **agreed(self.plays, host), **own}


def _said(scope: Scope, name: str) -> str | None:
    try:
        value = scope[name] if scope.given(name) else None
    except TemplateError:
        return None
    return None if value is None or isinstance(value, Unknown) else str(value)
