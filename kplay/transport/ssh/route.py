"""The hops to a host: Fabric reads ssh_config, kplay decides the order and the trust.

Fabric visits the hops of ``ProxyJump a,b`` as b, a (3.2.3); ssh visits a first, and so do we:
each hop is looked up by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kplay.errors import UnreachableError
from kplay.transport import hostkeys
from kplay.transport.options import SshOptions, parse, strictness

if TYPE_CHECKING:
    from kplay.transport.base import Settings
    from kplay.transport.target import Target

MAX_HOPS = 8


@dataclass(frozen=True, slots=True)
class Hop:
    """One SSH server on the way, the last being the host itself."""

    label: str = field(compare=False)
    address: str
    port: int
    user: str
    key_name: str
    known_hosts: tuple[str, ...]
    record_in: str
    strict: str
    identity_files: tuple[str, ...] = ()
    """Given by the inventory: what is wrong with them is an error."""
    config_identity_files: tuple[str, ...] = ()
    identities_only: bool = False
    proxy_command: str = ""
    alive: int = 0
    """Seconds without any answer after which the server is taken for gone; 0: the default."""
    via: Hop | None = None

    @property
    def first(self) -> Hop:
        """The server that the controller itself connects to."""
        return self.via.first if self.via else self


def route(target: Target, settings: Settings) -> Hop:
    """The way to a host, its bastions first.

    Raises:
        UnreachableError: ssh_config cannot be read, or its hops go in a circle.
    """
    options = parse(target.ssh_args)
    if target.port:
        options = replace(options, port=target.port)
    config = options.config_file or (str(settings.ssh_config) if settings.ssh_config else "")
    hop = _hop(target.name, target.address, options, config, settings, depth=0)
    key = target.private_key_file or settings.private_key_file
    return replace(
        hop,
        user=target.user or options.user or settings.user or hop.user,
        strict=target.strict or hop.strict,
        identity_files=(key,) if key else options.identity_files,
    )


@lru_cache(maxsize=8)
def _config(path: str) -> Any:
    import fabric

    try:
        # Fabric's own files (fabric.yaml) say nothing to kplay: only ssh_config is read
        config = fabric.Config(runtime_ssh_path=path or None, lazy=True)
        config.load_ssh_config()
    except Exception as error:
        raise UnreachableError(f"cannot read the SSH configuration: {error}") from error
    return config


def _resolve(host: str, config: str) -> Any:
    import fabric

    try:
        return fabric.Connection(host, config=_config(config), gateway=False)
    except UnreachableError:
        raise
    except Exception as error:
        raise UnreachableError(f"cannot read the SSH configuration for {host}: {error}") from error


def _hop(
    label: str,
    host: str,
    options: SshOptions,
    config: str,
    settings: Settings,
    *,
    depth: int,
    chained: Hop | None = None,
) -> Hop:
    if depth > MAX_HOPS:
        raise UnreachableError(f"{label}: ProxyJump goes in a circle, or over {MAX_HOPS} hops")
    resolved = _resolve(host, config)
    written = resolved.ssh_config
    address = options.address or resolved.host
    port = options.port or resolved.port
    alias = options.host_key_alias or written.get("hostkeyalias", "")
    user_files = options.user_known_hosts or _files(written, "userknownhostsfile")
    user_files = user_files or hostkeys.USER_FILES
    system_files = options.global_known_hosts or _files(written, "globalknownhostsfile")
    strict = options.strict or strictness(written.get("stricthostkeychecking", ""))
    if settings.accept_new_host_keys and strict == "yes":
        strict = "accept-new"
    own = Hop(
        label=label,
        address=address,
        port=port,
        user=options.user or resolved.user,
        key_name=alias.lower() if alias else hostkeys.lookup_name(address, port),
        known_hosts=(*user_files, *(system_files or hostkeys.SYSTEM_FILES)),
        record_in=user_files[0],
        strict=strict,
        config_identity_files=tuple(_listed(written.get("identityfile"))),
        identities_only=options.identities_only or written.get("identitiesonly", "") == "yes",
        alive=options.alive_interval * max(1, options.alive_count),
    )
    if chained is not None:
        return replace(own, via=chained)
    jump = options.proxy_jump or written.get("proxyjump", "")
    command = options.proxy_command or written.get("proxycommand", "")
    if jump and jump.lower() != "none":
        return replace(own, via=_jumps(jump, own, options, config, settings, depth=depth))
    if command and command.lower() != "none":
        expanded = command.replace("%h", address).replace("%p", str(port))
        return replace(own, proxy_command=expanded.replace("%r", own.user).replace("%%", "%"))
    return own


def _jumps(
    jump: str, own: Hop, options: SshOptions, config: str, settings: Settings, *, depth: int
) -> Hop | None:
    # Trust and files said for the host hold for its bastions, as one known_hosts serves all
    inherited = SshOptions(
        user_known_hosts=options.user_known_hosts,
        global_known_hosts=options.global_known_hosts,
        strict=options.strict,
        identity_files=options.identity_files,
        identities_only=options.identities_only,
        alive_interval=options.alive_interval,
        alive_count=options.alive_count,
    )
    via: Hop | None = None
    for word in jump.split(","):
        name = word.strip().removeprefix("ssh://")
        parsed = _resolve(name, config)
        if (parsed.host, parsed.port) == (own.address, own.port):
            return None
        hop = _hop(
            f"{own.label} (bastion {parsed.host})", name, inherited, config, settings,
            depth=depth + 1, chained=via,
        )  # fmt: skip
        via = replace(hop, identity_files=options.identity_files)
    return via


def _files(written: dict[str, Any], key: str) -> tuple[str, ...]:
    return tuple(str(written.get(key, "")).split())


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
