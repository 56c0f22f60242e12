"""Options of the ssh program in ansible_ssh_common_args and its kin, read for kplay's own SSH."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace

from kplay.errors import UnreachableError

# What changes nothing about where a connection leads and whom it trusts
_WITHOUT_EFFECT = frozenset({
    "addkeystoagent", "batchmode", "canonicalizehostname", "checkhostip", "compression",
    "connectionattempts", "controlmaster", "controlpath", "controlpersist", "escapechar",
    "exitonforwardfailure", "forwardagent", "forwardx11", "hashknownhosts", "ipqos", "loglevel",
    "numberofpasswordprompts", "passwordauthentication", "permitlocalcommand",
    "preferredauthentications", "pubkeyauthentication", "requesttty", "sendenv",
    "setenv", "tcpkeepalive", "updatehostkeys",
    "verifyhostkeydns", "visualhostkey", "kbdinteractiveauthentication", "gssapiauthentication",
    "gssapidelegatecredentials", "clearallforwardings", "stdinnull", "warnweakcrypto",
})  # fmt: skip

_FLAGS = frozenset("46AaCfGgKkNnqsTtVvXxYy")


@dataclass(frozen=True, slots=True)
class SshOptions:
    """What was said on the command line of ssh; empty is not said."""

    user_known_hosts: tuple[str, ...] = ()
    global_known_hosts: tuple[str, ...] = ()
    strict: str = ""
    """yes, accept-new or no."""
    proxy_jump: str = ""
    proxy_command: str = ""
    identity_files: tuple[str, ...] = ()
    identities_only: bool = False
    user: str = ""
    port: int = 0
    config_file: str = ""
    connect_timeout: float = 0.0
    host_key_alias: str = ""
    address: str = ""
    alive_interval: int = 0
    alive_count: int = 3
    """As ssh has it: so many questions unanswered, and the peer is gone."""


def parse(text: str) -> SshOptions:
    """Read a command line's options.

    Raises:
        UnreachableError: an option that kplay's own SSH does not have.
    """
    found = SshOptions()
    words = iter(_split(text))
    for word in words:
        if word[:1] != "-" or len(word) < 2:
            raise UnreachableError(f"`{word}` among SSH arguments is not an option")
        letter, rest = word[1], word[2:]
        if letter in _FLAGS and all(one in _FLAGS for one in rest):
            continue
        value = rest or next(words, "")
        if letter == "o":
            key, _, value = value.replace("=", " ", 1).strip().partition(" ")
            found = _apply(found, key, value.strip().strip('"'))
        elif letter in _LETTERS:
            found = _apply(found, _LETTERS[letter], value)
        else:
            raise _unsupported(f"-{letter}")
    return found


_LETTERS = {
    "J": "proxyjump",
    "i": "identityfile",
    "l": "user",
    "p": "port",
    "F": "configfile",
    "e": "escapechar",
    "E": "loglevel",
    "S": "controlpath",
}


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UnreachableError(f"cannot split the SSH arguments `{text}`: {error}") from error


def _apply(found: SshOptions, key: str, value: str) -> SshOptions:
    match key.lower():
        case "userknownhostsfile":
            return replace(found, user_known_hosts=tuple(value.split()))
        case "globalknownhostsfile":
            return replace(found, global_known_hosts=tuple(value.split()))
        case "stricthostkeychecking":
            return replace(found, strict=strictness(value))
        case "proxyjump":
            return replace(found, proxy_jump=value)
        case "proxycommand":
            return replace(found, proxy_command=value)
        case "identityfile":
            return replace(found, identity_files=(*found.identity_files, value))
        case "identitiesonly":
            return replace(found, identities_only=value.lower() == "yes")
        case "user":
            return replace(found, user=value)
        case "port":
            return replace(found, port=_number(key, value))
        case "configfile":
            return replace(found, config_file=value)
        case "connecttimeout":
            return replace(found, connect_timeout=float(_number(key, value)))
        case "serveraliveinterval":
            return replace(found, alive_interval=_number(key, value))
        case "serveralivecountmax":
            return replace(found, alive_count=_number(key, value))
        case "hostkeyalias":
            return replace(found, host_key_alias=value)
        case "hostname":
            return replace(found, address=value)
        case lower if lower in _WITHOUT_EFFECT:
            return found
    raise _unsupported(f"-o {key}")


def strictness(value: str) -> str:
    """StrictHostKeyChecking in one of three words; to ask is to refuse, as in ssh's batch mode."""
    return {"no": "no", "off": "no", "accept-new": "accept-new"}.get(value.lower(), "yes")


def _number(key: str, value: str) -> int:
    if not value.isdigit():
        raise UnreachableError(f"the SSH option {key} is `{value}`, not a number")
    return int(value)


def _unsupported(option: str) -> UnreachableError:
    return UnreachableError(
        f"kplay's own SSH does not have the option `{option}`: "
        "set `ansible_ssh_transport: openssh` to connect through the ssh program"
    )
