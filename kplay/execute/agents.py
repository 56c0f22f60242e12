"""How a run opens an agent on a host: connection variables, command line, hello."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.agent.session import AgentSession, Hello
from kplay.execute.bare import BareSession
from kplay.transport.base import NoPythonError, Settings
from kplay.transport.connect import connect
from kplay.transport.target import Target
from kplay.transport.uplink import Uplink
from kplay.walk.fleet import Fleet
from kplay.walk.ways import LOCAL, agreed, read_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.execute.journal import Holder
    from kplay.execute.prepare import Prepared
    from kplay.walk.fleet import Post


def target_of(prepared: Prepared, key: str) -> Target:
    """Where a way leads and how to get there; the inventory wins over the command line's ``-u``."""
    host, chosen = read_key(key)
    scope = prepared.store.scope(None, host)
    names = [name for name in scope if name.startswith(("ansible_", "kplay_"))]
    variables: dict[str, Any] = {name: scope[name] for name in names if name not in chosen}
    variables.update(chosen)
    for variable, value in agreed(prepared.graph.plays, host).items():
        variables.setdefault(variable, value)
    if host in LOCAL and host not in prepared.inventory.hosts:
        variables.setdefault("ansible_connection", "local")
    options = prepared.options
    said = {
        "ansible_connection": options.connection,
        "ansible_timeout": options.timeout,
        "ansible_ssh_common_args": options.ssh_common_args,
        "ansible_ssh_extra_args": options.ssh_extra_args,
    }
    for variable, given in said.items():
        if given:
            variables.setdefault(variable, given)
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
        directory=prepared.store.playbook_dir,
    )

    uplink = Uplink()

    def open_session(
        host: str, on_event: Callable[[dict[str, Any]], None]
    ) -> AgentSession | BareSession:
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

        def start() -> AgentSession:
            return AgentSession(connect(target, settings), hello, on_event, uplink)

        try:
            return start()
        except NoPythonError as missing:
            return BareSession(connect(target, settings), missing, on_event, start)

    return lambda post: Fleet(open_session, post, options.forks)
