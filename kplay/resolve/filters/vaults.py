"""Filters that seal and open texts with a password of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.resolve.faults import fault
from kplay.source import OpenedText, VaultText
from kplay.vault import envelope

if TYPE_CHECKING:
    from collections.abc import Callable

_LABEL = "filter_default"


def vault(  # noqa: PLR0917 - Ansible takes them by place
    data: object,
    secret: object,
    salt: object = None,
    vault_id: object = _LABEL,
    wrap_object: bool = False,
    vaultid: object = None,
) -> str:
    """A text sealed with a password; as a ``!vault`` value with ``wrap_object``."""
    password = _text(secret, "the secret").encode()
    text = _text(data, "what is sealed")
    label = str(vaultid if vaultid is not None else vault_id)
    given = _text(salt, "the salt").encode() if salt is not None else b""
    sealed = envelope.seal(text.encode(), password, label, given)
    return OpenedText(text, VaultText(sealed)) if wrap_object else sealed


def unvault(
    vault: object, secret: object, vault_id: object = _LABEL, vaultid: object = None
) -> str:
    """What a sealed text holds; other texts as they are."""
    del vault_id, vaultid
    text = vault.sealed if isinstance(vault, OpenedText) else _text(vault, "what is opened")
    password = _text(secret, "the secret").encode()
    if not envelope.is_sealed(text):
        return text
    try:
        opened = envelope.unseal(envelope.parse(text), password)
    except envelope.DamagedVaultError as error:
        raise fault("damaged-vault", str(error)) from error
    if opened is None:
        raise fault("wrong-vault-password", "the secret given to `unvault` does not open this")
    return opened.decode("utf-8")


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise fault("bad-value", f"{what} is text, not {type(value).__name__}")
    return value


SAFE: dict[str, Callable[..., object]] = {"vault": vault, "unvault": unvault}
