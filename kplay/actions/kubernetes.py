"""The controller halves of kubeconfig, k8s and kubectl_apply.

What a host holds becomes a context on the controller; manifests are read where there is YAML.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from kplay.actions.api import Call, Context, fault
from kplay.actions.files import rendered_template
from kplay.actions.kubeconfig import merge
from kplay.modules.api import UNKNOWN
from kplay.resolve.unknown import Unknown, causes_in
from kplay.yaml_reader import plain, plain_documents

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFINITION = ("resource_definition", "definition", "inline")


def k8s(context: Context) -> list[Call]:
    """Objects as mappings: from texts, from templates, and from files of the playbook.

    A ``src`` that is no absolute path is one of the playbook's files; others lie on the host.
    """
    args = dict(context.args)
    name = next((one for one in _DEFINITION if args.get(one) is not None), "")
    if args.get("template") is not None:
        if name or args.get("src"):
            message = "`k8s` takes only one of `template`, `src` and `resource_definition`"
            raise fault(context, "bad-arguments", message, "template")
        name, text = "resource_definition", _templates(context, args.pop("template"))
        args[name] = text
    args.pop("template", None)
    source = str(args.get("src") or "")
    if source and not source.startswith(("/", "~")):
        path = context.find_file("files", source)
        args.pop("src")
        name, args["resource_definition"] = "resource_definition", path.read_text(encoding="utf-8")
    given = args.get(name) if name else None
    if isinstance(given, Unknown):
        args[name] = UNKNOWN
    elif given is not None and not causes_in(given):
        args[name] = _manifests(context, given, name)
    return [Call("k8s", args)]


def kubectl_apply(context: Context) -> list[Call]:
    """Objects as mappings: texts are read where there is YAML."""
    args = dict(context.args)
    given = args.get("definition")
    if given is not None and not isinstance(given, Unknown) and not causes_in(given):
        args["definition"] = _manifests(context, given, "definition")
    return [Call("kubectl_apply", args)]


def _templates(context: Context, given: Any) -> str | Unknown:
    texts = []
    for one in given if isinstance(given, list) else [given]:
        options = dict(one) if isinstance(one, dict) else {"path": one}
        path = context.find_file("templates", str(options.pop("path", "")))
        text = rendered_template(context, path, options)
        if isinstance(text, Unknown):
            return text
        texts.append(text)
    return "\n---\n".join(texts)


def _manifests(context: Context, given: Any, name: str) -> list[Any]:
    found: list[Any] = []
    for one in given if isinstance(given, list) else [given]:
        if not isinstance(one, str):
            found.append(one)
            continue
        try:
            found += [part for part in plain_documents(one) if part is not None]
        except yaml.YAMLError as error:
            message = f"a definition is not valid YAML: {error}"
            raise fault(context, "bad-manifest", message, name) from error
    for one in found:
        if not isinstance(one, dict):
            message = f"a definition is a mapping, not {type(one).__name__}"
            raise fault(context, "bad-manifest", message, name)
    return found


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
        fetched = plain(base64.b64decode(result["content"]))
        after = merge(before, fetched, name, server)
        changed = after != before
        if changed and not planning:
            _write(target, after)
        return {"changed": changed, "action": "update" if known else "create", **shown}

    return [Call("slurp", {"src": source}, finish=finish)]


def _read(context: Context, path: Path) -> dict[str, Any]:
    try:
        data = plain(path.read_text(encoding="utf-8"))
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
