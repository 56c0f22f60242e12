"""Variables that kplay itself defines, and what a play knows of its own run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.playbook.model import effective
from kplay.resolve.faults import TemplateError, undefined
from kplay.resolve.missing import OMIT, Missing

if TYPE_CHECKING:
    from kplay.playbook.model import Role
    from kplay.resolve.scope import Scope


def _none() -> Sequence[str]:
    return ()


@dataclass(slots=True)
class PlayContext:
    """What a play knows of its own run; callables, where it changes while the play runs."""

    play_name: str = ""
    check_mode: bool = False
    diff_mode: bool = False
    run_tags: Sequence[str] = ("all",)
    skip_tags: Sequence[str] = ()
    forks: int = 5
    verbosity: int = 0
    limit: str | None = None
    config_file: str | None = None
    user: str | None = None
    """Whom the user asked to log in as (``-u``), where no keyword says it."""
    play_hosts: Callable[[], Sequence[str]] = _none
    """Hosts of the play that have not failed."""
    play_hosts_all: Callable[[], Sequence[str]] = _none
    play_batch: Callable[[], Sequence[str]] = _none
    on_hostvars: Callable[[str, str], None] | None = None
    """Told (host, name) whenever a template reads another host's variable."""
    run_programs: bool = True
    """Whether lookups may run programs on the controller; planning says no."""


class HostVars(Mapping[str, "HostView"]):
    """``hostvars``: what each host's inventory, facts and results say, without the play's."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __getitem__(self, host: str) -> HostView:
        if self._scope.store.known(host) is None:
            raise KeyError(host)
        return HostView(self._scope.sibling(host), self._scope.context.on_hostvars)

    def __iter__(self) -> Iterator[str]:
        return iter(self._scope.store.inventory.hosts)

    def __len__(self) -> int:
        return len(self._scope.store.inventory.hosts)

    def __contains__(self, host: object) -> bool:
        return self._scope.store.known(str(host)) is not None


class HostView(Mapping[str, Any]):
    """The variables of one scope as a mapping, each rendered when it is read."""

    def __init__(self, scope: Scope, told: Callable[[str, str], None] | None = None) -> None:
        self._scope = scope
        self._told = told

    def __getitem__(self, name: str) -> Any:
        if self._told is not None:
            self._told(self._scope.host, name)
        if name in DEFAULTS and not self._scope.given(name):
            raise KeyError(name)
        value = self._scope.find(name)
        if isinstance(value, Missing):
            error = value.make()
            if error.undefined and not self._scope.defines(name):
                raise KeyError(name)
            raise error
        return value

    def __contains__(self, name: object) -> bool:
        if self._told is not None:
            self._told(self._scope.host, str(name))
        return self._scope.given(str(name))

    def lacking(self, name: str) -> TemplateError:
        """The error of a variable that the host does not have."""
        from kplay.diagnostics import suggest

        host = self._scope.host
        gone = ", which is declared absent" if host in self._scope.store.absent else ""
        near = suggest(name, self._scope.names())
        return undefined(f"`{name}` is not defined on {host}{gone}", help=near)

    def __iter__(self) -> Iterator[str]:
        return iter(self._scope.names())

    def __len__(self) -> int:
        return len(self._scope.names())


ANSIBLE_VERSION = {
    "full": "2.19.14",
    "major": 2,
    "minor": 19,
    "revision": 14,
    "string": "2.19.14",
}
"""The release whose semantics the language follows: the one that its cases are recorded with."""


def _source_dir(scope: Scope) -> Any:
    source = _source(scope)
    if source is None:
        return None
    return str((source if source.is_dir() else source.parent).resolve())


def _source_file(scope: Scope) -> Any:
    source = _source(scope)
    return str(source.resolve()) if source is not None else None


def _source(scope: Scope) -> Path | None:
    """The file that names the host, or the first of the inventory for one that none does."""
    known = scope.store.known(scope.host)
    if known is not None and known.source is not None:
        return known.source
    sources = scope.store.inventory.sources
    return sources[0] if sources else None


def _group_names(scope: Scope) -> list[str]:
    known = scope.store.known(scope.host)
    names = set(known.groups) - {"all"} if known is not None else set()
    return sorted(names)


def _role_names(scope: Scope) -> list[str]:
    roles = scope.store.roles_of(scope.play) if scope.play is not None else []
    return list(dict.fromkeys(role.name for role in roles))


def _direct_role_names(scope: Scope) -> list[str]:
    roles = scope.store.roles_of(scope.play) if scope.play is not None else []
    return [role.name for role in roles if not role.dependency]


def _dependent_role_names(scope: Scope) -> list[str]:
    roles = scope.store.roles_of(scope.play) if scope.play is not None else []
    return list(dict.fromkeys(role.name for role in roles if role.dependency))


def _playbook_dir(scope: Scope) -> str:
    folder = scope.play.directory if scope.play is not None else None
    return str(Path(folder or scope.store.playbook_dir).resolve())


@cache
def _python() -> str:
    return sys.executable


MAGIC: dict[str, Callable[[Scope], Any]] = {
    "inventory_hostname": lambda scope: scope.host,
    "inventory_hostname_short": lambda scope: scope.host.split(".")[0],
    "group_names": _group_names,
    "groups": lambda scope: scope.store.groups,
    "hostvars": HostVars,
    "vars": HostView,
    "omit": lambda _: OMIT,
    "playbook_dir": _playbook_dir,
    "inventory_dir": _source_dir,
    "inventory_file": _source_file,
    "ansible_inventory_sources": lambda scope: [str(one) for one in scope.store.inventory.sources],
    "ansible_facts": lambda scope: scope.store.fact_views.get(scope.host, {}),
    "ansible_config_file": lambda scope: scope.context.config_file,
    "ansible_version": lambda _: dict(ANSIBLE_VERSION),
    "ansible_playbook_python": lambda _: _python(),
    "ansible_check_mode": lambda scope: scope.context.check_mode,
    "ansible_diff_mode": lambda scope: scope.context.diff_mode,
    "ansible_run_tags": lambda scope: list(scope.context.run_tags),
    "ansible_skip_tags": lambda scope: list(scope.context.skip_tags),
    "ansible_forks": lambda scope: scope.context.forks,
    "ansible_verbosity": lambda scope: scope.context.verbosity,
}

IN_PLAY: dict[str, Callable[[Scope], Any]] = {
    "ansible_play_name": lambda scope: scope.context.play_name or scope.play_name,
    "ansible_play_hosts": lambda scope: list(scope.context.play_hosts()),
    "play_hosts": lambda scope: list(scope.context.play_batch()),
    "ansible_play_batch": lambda scope: list(scope.context.play_batch()),
    "ansible_play_hosts_all": lambda scope: list(scope.context.play_hosts_all()),
    "ansible_play_role_names": _direct_role_names,
    "ansible_role_names": _role_names,
    "ansible_dependent_role_names": _dependent_role_names,
}


def _search_path(scope: Scope) -> list[str]:
    from kplay.resolve.search import search_path

    return [str(one) for one in search_path(scope)]


IN_PLAY["ansible_search_path"] = _search_path


def _said(scope: Scope, keyword: str) -> Any:
    """What a keyword says of the way to the host, or None."""
    if scope.play is None:
        return None
    if scope.node is not None:
        given = effective(scope.play, scope.node, keyword)
    else:
        given = scope.play.keywords.get(keyword)
    return None if given is None else scope.template(given)


DEFAULTS: dict[str, Callable[[Scope], Any]] = {
    "ansible_connection": lambda scope: _said(scope, "connection") or "ssh",
    "ansible_host": lambda scope: scope.host,
    "ansible_user": lambda scope: _said(scope, "remote_user") or scope.context.user,
}
"""What a template, but not ``hostvars`` or ``vars``, sees where no layer defines it.

None where nothing says it.
"""

IN_ROLE: dict[str, Callable[[Scope], Any]] = {
    "role_name": lambda scope: scope.role.name if scope.role else None,
    "ansible_role_name": lambda scope: scope.role.name if scope.role else None,
    "role_path": lambda scope: str(scope.role.path.resolve()) if scope.role else None,
    "ansible_parent_role_names": lambda scope: [one.name for one in _including(scope.role)],
    "ansible_parent_role_paths": lambda scope: [str(one.path) for one in _including(scope.role)],
}
_PARENTS = ("ansible_parent_role_names", "ansible_parent_role_paths")
_ALONE = {name: maker for name, maker in IN_ROLE.items() if name not in _PARENTS}


def _including(role: Role | None) -> list[Role]:
    """The roles whose tasks brought a role in, or what depends on it, innermost first."""
    if role is None:
        return []
    steps = zip(role.parents, (*role.parents[1:], role), strict=False)
    return [parent for parent, child in steps if not child.dependency][::-1]


def in_role(role: Role | None) -> dict[str, Callable[[Scope], Any]]:
    """What a role's tasks see; the roles that include it are undefined where there are none."""
    if role is None:
        return {}
    return IN_ROLE if _including(role) else _ALONE
