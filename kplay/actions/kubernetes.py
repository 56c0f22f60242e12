"""The controller half of kubeconfig: what a host holds becomes a context on the controller."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from kplay.actions.api import Call, Context, fault
from kplay.actions.kubeconfig import merge

if TYPE_CHECKING:
    from collections.abc import Mapping


def kubeconfig(context: Context) -> list[Call]:
    """Read a kubeconfig of the host and merge it as a context into one of the controller."""
    args = context.args
    name = str(args.get("context") or "kubernetes")
    target = Path(str(args.get("dest") or "~/.kube/config")).expanduser()
    server = str(args["server"]) if args.get("server") else None
    source = str(args.get("src") or "/etc/kubernetes/admin.conf")

    def finish(result: dict[str, Any], planning: bool) -> dict[str, Any]:
        if result.get("failed"):
            return result
        before = _read(context, target)
        known = any(one.get("name") == name for one in before.get("contexts") or ())
        shown = {"dest": str(target), "context": name}
        if "content" not in result:
            action = "unknown" if known else "create"
            return {"changed": True, "action": action, **shown}
        fetched = yaml.safe_load(base64.b64decode(result["content"]))
        after = merge(before, fetched, name, server)
        changed = after != before
        if changed and not planning:
            _write(target, after)
        return {"changed": changed, "action": "update" if known else "create", **shown}

    return [Call("slurp", {"src": source}, finish=finish)]


def _read(context: Context, path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        message = f"`{path}` is no kubeconfig that can be read: {error}"
        raise fault(context, "bad-kubeconfig", message, "dest") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise fault(context, "bad-kubeconfig", f"`{path}` holds no mapping", "dest")
    return data


def _write(path: Path, data: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        yaml.safe_dump(dict(data), stream, sort_keys=False)
    part.replace(path)
