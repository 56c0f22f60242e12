"""What of a task's result both programs must agree on, in one form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_STAT = ("exists", "isdir", "isreg", "islnk", "mode", "size", "checksum", "lnk_source")
_FIELDS: dict[str, tuple[str, ...]] = {
    "assert": ("msg", "assertion", "evaluated_to"),
    "blockinfile": ("msg",),
    "command": ("rc", "stdout", "stderr", "stdout_lines"),
    "copy": ("dest", "checksum", "mode", "state", "size"),
    "fail": ("msg",),
    "file": ("path", "dest", "state", "mode"),
    "find": ("matched",),
    "include_vars": ("ansible_facts",),
    "lineinfile": ("msg",),
    "replace": ("msg",),
    "script": ("rc", "stdout"),
    "set_fact": ("ansible_facts",),
    "set_stats": ("ansible_stats",),
    "shell": ("rc", "stdout", "stderr", "stdout_lines"),
    "slurp": ("content", "encoding", "source"),
    "stat": ("stat",),
    "template": ("dest", "checksum", "mode", "state", "size"),
}
_ALWAYS = ("attempts",)
_ON_FAILURE = frozenset({"assert", "command", "fail", "shell", "script"})
_NOT_SAID = frozenset(
    {"changed", "failed", "item", "ansible_loop_var", "ansible_loop", "ansible_index_var",
     "skipped", "skip_reason", "false_condition", "failed_when_result", "verbose_override",
     "exception", "deprecations", "warnings", "diff", "invocation", "censored"}
)  # fmt: skip


def fields(module: str, status: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a result that are compared."""
    if "censored" in result:
        return {"censored": True}
    if status in ("skipped", "unreachable"):
        return {}
    found = {name: result[name] for name in _ALWAYS if name in result}
    if status in ("failed", "ignored") and module not in _ON_FAILURE:
        return found
    if module == "debug":
        said = {key: value for key, value in result.items() if not key.startswith("_")}
        return found | {key: said[key] for key in said if key not in _NOT_SAID}
    for name in _FIELDS.get(module, ()):
        if name not in result:
            continue
        value = result[name]
        if name == "stat" and isinstance(value, dict):
            value = {key: value[key] for key in _STAT if key in value}
            if value.get("isdir") or value.get("islnk"):
                value.pop("size", None)
        found[name] = value
    return found


def row(task: str, status: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """One task on one host."""
    return {"task": task, "status": status, "fields": dict(values), "items": []}


def plain(value: Any, names: Mapping[str, Path]) -> Any:
    """The value with the folders of this machine under the names that stand for them."""
    if isinstance(value, dict):
        return {str(plain(key, names)): plain(part, names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part, names) for part in value]
    if isinstance(value, str):
        for name, path in names.items():
            value = re.sub(re.escape(str(path)) + r"(?![\w-])", name, value)
        return value
    return value
