"""How a run opens an agent on a host: connection variables, command line, hello."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.agent.session import AgentSession, Hello
from kplay.transport.base import Settings
from kplay.transport.connect import connect
from kplay.transport.target import Target
from kplay.transport.uplink import Uplink
from kplay.walk.fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.execute.journal import Holder
    from kplay.execute.prepare import Prepared
    from kplay.graph.model import PlayStrand
    from kplay.walk.fleet import Post

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})

_OF_PLAYS = {"connection": "ansible_connection", "remote_user": "ansible_user",
             "port": "ansible_port"}  # fmt: skip
"""What plays say of the way to their hosts, where all plays of a host say the same."""


def _written(strand: PlayStrand, keyword: str) -> str | None:
    found = strand.play.keywords.get(keyword)
    return None if found is None else str(found.value)


def target_of(prepared: Prepared, host: str) -> Target:
    """Where a host is and how to get there; the inventory wins over the command line's ``-u``."""
    scope = prepared.store.scope(None, host)
    names = [name for name in scope if name.startswith(("ansible_", "kplay_"))]
    variables: dict[str, Any] = {name: scope[name] for name in names}
    for keyword, variable in _OF_PLAYS.items():
        given = {_written(play, keyword) for play in prepared.graph.plays if host in play.hosts}
        if len(given) == 1 and None not in given:
            variables.setdefault(variable, given.pop())
    if host in LOCAL and host not in prepared.inventory.hosts:
        variables.setdefault("ansible_connection", "local")
    return Target.from_variables(host, variables)


def fleet_maker(
    prepared: Prepared, *, run: str, mode: str, holder: Holder, key: bytes
) -> Callable[[Post], Fleet]:
    """A function that makes the run's fleet, given where its frames go."""
    options = prepared.options
    settings = Settings(
        accept_new_host_keys=options.accept_new_host_keys,
        user=options.user or "",
        private_key_file=str(options.private_key or ""),
        password=options.passwords.connection or "",
    )

    uplink = Uplink()

    def open_session(host: str, on_event: Callable[[dict[str, Any]], None]) -> AgentSession:
        target = target_of(prepared, host)
        hello = Hello(
            run=run,
            host=host,
            holder={
                "user": holder.user,
                "controller": holder.controller,
                "pid": holder.pid,
                "since": holder.since,
            },
            mode=mode,
            key=key,
            interpreter=target.interpreter,
        )
        return AgentSession(connect(target, settings), hello, on_event, uplink)

    return lambda post: Fleet(open_session, post, options.forks)
