"""Contexts of kubeconfig files: one cluster's made part of a file that holds several."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRETS = frozenset({"client-key-data", "token", "password", "id-token", "refresh-token"})
"""Fields of a user that let whoever reads them act as that user."""

REDACTED = "********"


class NotAKubeconfigError(ValueError):
    """What was read is no kubeconfig; the message says what it lacks."""


def merge(
    existing: Mapping[str, Any], fetched: Mapping[str, Any], context: str, server: str | None
) -> dict[str, Any]:
    """Give the existing kubeconfig with the fetched one's current context under a name of its own.

    The cluster goes by the context's name and the user by that name with ``-admin``; entries of
    these names are replaced where they stand, all others are kept as they are. The current context
    is left alone unless there is none.

    Args:
        existing: the file as it is, empty when there is none.
        fetched: what a host holds, such as kubeadm's admin.conf.
        context: the name of the context.
        server: the address to reach the API server at, None for the one fetched.

    Raises:
        NotAKubeconfigError: the fetched one has no context, cluster or user.
    """
    cluster, user, namespace = _current(fetched)
    if server:
        cluster["server"] = server
    user_name = f"{context}-admin"
    made = {"cluster": context, "user": user_name}
    if namespace:
        made["namespace"] = namespace
    merged = copy.deepcopy(dict(existing))
    merged.setdefault("apiVersion", "v1")
    merged.setdefault("kind", "Config")
    merged.setdefault("preferences", {})
    _put(merged, "clusters", {"name": context, "cluster": cluster})
    _put(merged, "contexts", {"name": context, "context": made})
    _put(merged, "users", {"name": user_name, "user": user})
    if not merged.get("current-context"):
        merged["current-context"] = context
    return merged


def redacted(config: Mapping[str, Any]) -> dict[str, Any]:
    """Give a kubeconfig that may be shown: keys, tokens and passwords taken out."""
    shown = copy.deepcopy(dict(config))
    for entry in shown.get("users") or ():
        user = entry.get("user") or {}
        for field in SECRETS & set(user):
            user[field] = REDACTED
        provider = (user.get("auth-provider") or {}).get("config") or {}
        for field in SECRETS & set(provider):
            provider[field] = REDACTED
    return shown


def _current(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], str]:
    if not isinstance(config, dict):
        raise NotAKubeconfigError("a kubeconfig is a mapping")
    contexts = config.get("contexts") or []
    named = config.get("current-context") or (contexts[0].get("name") if contexts else "")
    context = _get(config, "contexts", str(named or ""))
    cluster = _get(config, "clusters", str(context.get("cluster", "")))
    user = _get(config, "users", str(context.get("user", "")))
    return cluster, user, str(context.get("namespace") or "")


def _get(config: Mapping[str, Any], kind: str, name: str) -> dict[str, Any]:
    for entry in config.get(kind) or ():
        if entry.get("name") == name:
            return copy.deepcopy(dict(entry.get(kind.removesuffix("s")) or {}))
    raise NotAKubeconfigError(f"the kubeconfig has no `{name}` among its {kind}")


def _put(config: dict[str, Any], kind: str, entry: dict[str, Any]) -> None:
    entries = list(config.get(kind) or ())
    for index, known in enumerate(entries):
        if known.get("name") == entry["name"]:
            entries[index] = entry
            break
    else:
        entries.append(entry)
    config[kind] = entries
