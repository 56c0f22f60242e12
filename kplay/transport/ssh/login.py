"""Authentication: which keys and passwords are offered, in which order, and what was refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import paramiko

from kplay.transport.base import AuthenticationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.transport.ssh.route import Hop

DEFAULT_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")

_PROTECTED = "the key {} is protected by a passphrase: add it to ssh-agent (ssh-add)"

MAX_KEYS = 5
"""sshd ends a connection at its sixth refused attempt (MaxAuthTries)."""


def login(transport: paramiko.Transport, hop: Hop, password: str) -> None:
    """Authenticate a transport whose host key was verified.

    Raises:
        AuthenticationError: nothing was accepted; names all that was tried.
    """
    attempt = _Attempt(transport, hop)
    for label, key in attempt.offers():
        if attempt.offer(label, key):
            break
    if not transport.is_authenticated() and password and attempt.allows_password():
        attempt.password(password)
    if not transport.is_authenticated():
        raise attempt.failure(bool(password))


class _Attempt:
    def __init__(self, transport: paramiko.Transport, hop: Hop) -> None:
        self.transport = transport
        self.hop = hop
        self.tried: list[str] = []
        self.notes: list[str] = []
        self.allowed: list[str] = []
        self.seen: set[bytes] = set()

    def offers(self) -> Iterator[tuple[str, paramiko.PKey]]:
        """Keys of the inventory, of ssh_config, of the agent, then ssh's default files."""
        hop = self.hop
        yield from self._from_files(hop.identity_files, must=True)
        yield from self._from_files(hop.config_identity_files, must=False)
        if not hop.identities_only:
            yield from self._from_agent()
        if not hop.identity_files and not hop.config_identity_files:
            yield from self._from_files(DEFAULT_KEYS, must=False)

    def _from_files(
        self, names: tuple[str, ...], *, must: bool
    ) -> Iterator[tuple[str, paramiko.PKey]]:
        for name in names:
            path = Path(name).expanduser()
            if not path.exists():
                if must:
                    self.notes.append(f"the key file {name} does not exist")
                continue
            try:
                key = paramiko.PKey.from_path(path)
            except paramiko.PasswordRequiredException:
                self.notes.append(_PROTECTED.format(name))
            except PermissionError:
                self.notes.append(f"the key file {name} cannot be read")
            except (paramiko.SSHException, ValueError, TypeError, OSError) as error:
                # The cryptography library answers so for keys in OpenSSH's own format
                if "password" in str(error).lower():
                    self.notes.append(_PROTECTED.format(name))
                else:
                    self.notes.append(f"the key file {name} is not a private key: {error}")
            else:
                yield str(name), key

    def _from_agent(self) -> Iterator[tuple[str, paramiko.PKey]]:
        try:
            agent = paramiko.Agent()
        except paramiko.SSHException:
            return
        try:
            for key in agent.get_keys():
                yield f"agent key {key.get_name()}", key
        finally:
            agent.close()

    def offer(self, label: str, key: paramiko.PKey) -> bool:
        """Offer a key; True when there is nothing more to offer."""
        blob = key.asbytes()
        if blob in self.seen:
            return False
        if len(self.seen) >= MAX_KEYS:
            self.notes.append(f"no more than {MAX_KEYS} keys are offered")
            return True
        self.seen.add(blob)
        self.tried.append(f"publickey ({label})")
        try:
            left = self.transport.auth_publickey(self.hop.user, key)
        except paramiko.BadAuthenticationType as error:
            self.allowed = list(error.allowed_types)
            return "publickey" not in self.allowed
        except paramiko.AuthenticationException:
            return not self.transport.is_active()
        except (paramiko.SSHException, EOFError) as error:
            self.notes.append(str(error) or "the host closed the connection")
            return True
        # What the host wants besides this key
        self.allowed = list(left)
        return True

    def allows_password(self) -> bool:
        """Whether the host has not said that it takes none."""
        wanted = {"password", "keyboard-interactive"}
        return self.transport.is_active() and (not self.allowed or bool(wanted & set(self.allowed)))

    def password(self, password: str) -> None:
        """Offer a password, as such or as the answer to a prompt."""
        self.tried.append("password")
        try:
            self.transport.auth_password(self.hop.user, password)
        except paramiko.BadAuthenticationType as error:
            self.allowed = list(error.allowed_types)
        except (paramiko.SSHException, EOFError) as error:
            if not isinstance(error, paramiko.AuthenticationException):
                self.notes.append(str(error) or "the host closed the connection")

    def _ask_what_is_allowed(self) -> None:
        try:
            self.transport.auth_none(self.hop.user)
        except paramiko.BadAuthenticationType as error:
            self.allowed = list(error.allowed_types)
        except (paramiko.SSHException, EOFError):
            return

    def failure(self, had_password: bool) -> AuthenticationError:
        """What to say when nothing was accepted."""
        hop = self.hop
        if not self.allowed and self.transport.is_active():
            self._ask_what_is_allowed()
        text = f"{hop.label}: cannot log in as {hop.user} at {hop.address} port {hop.port}: "
        text += f"tried {', '.join(self.tried)}" if self.tried else "there was nothing to try"
        if self.allowed:
            text += f"; the host takes {', '.join(self.allowed)}"
        if not had_password and "publickey" not in self.allowed and self.allowed:
            self.notes.append("no password was given (ansible_password)")
        return AuthenticationError("\n".join([text, *self.notes]))
