"""Actions that move files between the playbook and the host: copy, template, fetch and others."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.actions.api import (
    Call,
    Context,
    bytes_content,
    fault,
    file_content,
    sealed_file,
    source_content,
)
from kplay.actions.values import truthy
from kplay.modules import archives
from kplay.modules.api import UNKNOWN, ModuleFailure
from kplay.resolve.template_files import render_template_text
from kplay.resolve.unknown import Unknown, causes_in

if TYPE_CHECKING:
    from kplay.agent.session import BlobSource

_TEMPLATE_OPTIONS = (
    "block_start_string", "block_end_string", "variable_start_string", "variable_end_string",
    "comment_start_string", "comment_end_string", "trim_blocks", "lstrip_blocks",
    "newline_sequence", "output_encoding",
)  # fmt: skip

_READ = (".deb", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".zip")
_LARGEST_READ = 128 * 1024 * 1024


def copy(context: Context) -> list[Call]:
    """Files of the playbook, or text, to the host; remote_src stays on the host."""
    args = dict(context.args)
    if truthy(args.get("remote_src", False)):
        return [Call("copy", args)]
    if "content" in args:
        return [_content(args, args.pop("content"))]
    if "src" not in args:
        raise fault(context, "missing-argument", "`copy` wants `src` or `content`")
    name = str(args.pop("src"))
    path = context.find_file("files", name)
    if path.is_dir():
        return _tree(context, args, path, contents_only=name.endswith("/"))
    return [placed(context, args, path)]


def script(context: Context) -> list[Call]:
    """A script of the playbook to the host, with the words behind its name."""
    import shlex

    args = {key: value for key, value in context.args.items() if key != "_raw"}
    text = context.args.get("_raw", context.args.get("cmd"))
    if causes_in(text):
        return [Call("script", {**args, "cmd": text, "content": UNKNOWN})]
    words = str(text or "").strip()
    if not words:
        raise fault(context, "missing-argument", "`script` needs the path of a script")
    name = shlex.split(words)[0]
    path = context.find_file("files", name)
    value, blobs = source_content(context, path)
    return [Call("script", {**args, "cmd": words, "content": value}, blobs)]


def unarchive(context: Context) -> list[Call]:
    """An archive of the playbook to the host; a plan sends what is in it, not the archive."""
    args = dict(context.args)
    on_host = truthy(args.get("remote_src", False)) or not truthy(args.get("copy", True))
    source = args.get("src")
    if on_host or causes_in(source) or source is None:
        return [Call("unarchive", args)]
    path = context.find_file("files", str(source))
    if context.planning or context.agreed:
        data = sealed_file(context, path) or path.read_bytes()
        try:
            args["_listing"] = archives.listing(data, str(source))
        except ModuleFailure as failure:
            raise fault(context, "bad-archive", failure.msg, "src") from failure
    if context.planning:
        return [Call("unarchive", args)]
    value, blobs = source_content(context, path)
    return [Call("unarchive", {**args, "_content": value}, blobs)]


def _content(args: dict[str, Any], content: Any) -> Call:
    causes = causes_in(content)
    if causes:
        return Call("copy", {**args, "content": UNKNOWN})
    if isinstance(content, dict | list):
        import json

        content = json.dumps(content)
    value, blobs = bytes_content(str(content).encode())
    return Call("copy", {**args, "content": value}, blobs)


def placed(context: Context, args: dict[str, Any], path: Path) -> Call:
    """The call of copy that puts a file of the controller on the host."""
    value, blobs = source_content(context, path)
    given = {**args, "content": value, "_original_basename": path.name}
    if given.get("mode") == "preserve":
        given["mode"] = f"{path.stat().st_mode & 0o7777:04o}"
    if context.planning and path.name.endswith(_READ) and not context.sealed:
        stat = path.stat()
        given["_holds"] = _held(path, stat.st_size, stat.st_mtime_ns)
    return Call("copy", given, blobs)


@lru_cache(maxsize=1024)
def _held(path: Path, size: int, changed: int) -> dict[str, Any] | None:
    """What a package or an archive holds, for the steps of a plan that install or unpack it.

    It is read once while it stays as it is.
    """
    from kplay.modules import deb_file

    del changed
    if size > _LARGEST_READ:
        return None
    data = path.read_bytes()
    if path.suffix == ".deb":
        return {"package": deb_file.contents(data)}
    try:
        return {"archive": archives.listing(data, str(path))}
    except ModuleFailure:
        return None


def _tree(context: Context, args: dict[str, Any], root: Path, *, contents_only: bool) -> list[Call]:
    top = str(args.pop("dest")).rstrip("/") or "/"
    base = top if contents_only else f"{top}/{root.name}"
    shared: dict[str, Any] = {key: args[key] for key in ("owner", "group") if key in args}
    if "directory_mode" in args:
        shared["mode"] = args["directory_mode"]
    calls = [Call("file", {"path": base, "state": "directory", **shared})]
    for path in sorted(root.rglob("*")):
        target = f"{base}/{path.relative_to(root).as_posix()}"
        if path.is_dir():
            calls.append(Call("file", {"path": target, "state": "directory", **shared}))
        else:
            calls.append(placed(context, {**args, "dest": target}, path))
    calls[-1].added = {"src": f"{root}/", "dest": f"{top}/" if contents_only else top}
    return calls


def template(context: Context) -> list[Call]:
    """A rendered template; its other half is copy's."""
    args = dict(context.args)
    source = context.find_file("templates", str(args.pop("src")))
    options = {key: args.pop(key) for key in _TEMPLATE_OPTIONS if key in args}
    if "newline_sequence" in options:
        # as YAML reads it without double quotes
        sequence = str(options["newline_sequence"])
        options["newline_sequence"] = sequence.replace("\\n", "\n").replace("\\r", "\r")
    rendered = rendered_template(context, source, options)
    if isinstance(rendered, Unknown):
        call = Call("copy", {**args, "content": UNKNOWN})
    else:
        value, blobs = bytes_content(rendered.encode())
        call = Call("copy", {**args, "content": value}, blobs)
    call.args["_original_basename"] = source.name.removesuffix(".j2")
    return [call]


def uri(context: Context) -> list[Call]:
    """A request; files that it sends are the playbook's, unless remote_src says otherwise."""
    args = dict(context.args)
    blobs: dict[str, BlobSource] = {}
    if truthy(args.get("remote_src", False)) or causes_in([args.get("src"), args.get("body")]):
        return [Call("uri", args)]
    if args.get("src") is not None:
        value, blobs = file_content(context.find_file("files", str(args.pop("src"))))
        args["_content"] = value
    body = args.get("body")
    if isinstance(body, dict) and args.get("body_format") == "form-multipart":
        fields = dict(body)
        for name, value in body.items():
            if isinstance(value, dict) and value.get("filename") and value.get("content") is None:
                path = context.find_file("files", str(value["filename"]))
                content, made = file_content(path)
                fields[name] = {**value, "content": content}
                blobs = {**blobs, **made}
        args["body"] = fields
    return [Call("uri", args, blobs)]


def rendered_template(context: Context, source: Path, options: dict[str, Any]) -> str | Unknown:
    """What a template file of the playbook gives on the host."""
    try:
        data, sealed = context.scope.store.vault.read(source)
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise fault(context, "unreadable-file", f"cannot read `{source}`: {reason}") from error
    context.sealed = context.sealed or sealed
    return render_template_text(text, context.scope, str(source), options=options)


def fetch(context: Context) -> list[Call]:
    """A file of the host to the controller."""
    if causes_in([context.args["src"], context.args["dest"]]):
        return [Call("copy", {"content": UNKNOWN, "dest": UNKNOWN})]
    source, dest = str(context.args["src"]), str(context.args["dest"])
    flat = truthy(context.args.get("flat", False))
    missing_is_error = truthy(context.args.get("fail_on_missing", True))
    target = Path(dest).expanduser()
    if not flat:
        target = target / context.host / source.lstrip("/")
    elif dest.endswith("/"):
        target /= Path(source).name

    def finish(result: dict[str, Any], planning: bool) -> dict[str, Any]:
        if result.get("failed"):
            return {**result, "failed": missing_is_error, "changed": False}
        if "content" not in result:
            if not planning:
                return result
            # What the file will hold is not known; where there is none yet, it will be written
            there = {} if not target.is_file() else {"action": "unknown"}
            return {"changed": True, "dest": str(target), "file": source, **there}
        data = base64.b64decode(result["content"])
        sha1 = hashlib.sha1(data).hexdigest()  # noqa: S324 - Ansible's `checksum` is SHA-1
        changed = not target.is_file() or target.read_bytes() != data
        if changed and not planning:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return {"changed": changed, "dest": str(target), "checksum": sha1, "file": source}

    return [Call("slurp", {"src": source}, _none(), finish)]


def _none() -> dict[str, BlobSource]:
    return {}
