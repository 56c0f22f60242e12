"""What a foreign module printed, read as Ansible reads it."""

import json
from typing import TYPE_CHECKING, Any, Dict, Optional

from kplay.modules.api import ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Completed

LONGEST = 8 * 1024 * 1024
"""Bytes of a result; a frame of the wire has room for twice as many."""

_LAST_LINES = 20

# Facts of these names would lead the next task elsewhere; Ansible does not take them either
_CONNECTION = ("ansible_become", "ansible_ssh_", "ansible_connection", "ansible_winrm_")
_NO_FACTS = (
    "ansible_host", "ansible_port", "ansible_user", "ansible_password", "ansible_shell_type",
    "ansible_shell_executable", "ansible_delegated_vars", "ansible_playbook_python", "hostvars",
    "groups", "group_names", "inventory_hostname", "inventory_hostname_short",
)  # fmt: skip


def answer(done: "Completed") -> State:
    """The JSON object that was printed, whatever stands before or after it.

    Raises:
        ModuleFailure: there is none.
    """
    lines = done.stdout.splitlines(True)
    decoder = json.JSONDecoder()
    for number, line in enumerate(lines):
        if not line.lstrip().startswith("{"):
            continue
        try:
            found, _ = decoder.raw_decode("".join(lines[number:]).lstrip())
        except ValueError:
            continue
        if isinstance(found, dict):
            return _tidy(found)
    raise _failure(done)


def taken(said: State) -> State:
    """The fields of a result that did not fail.

    Raises:
        ModuleFailure: the module says that it failed; with its own fields.
    """
    failed = said.pop("failed", None)
    if failed is None and str(said.get("rc", 0)) != "0":
        failed = True
    said["changed"] = _true(said.get("changed"))
    if _true(failed):
        msg = said.pop("msg", None)
        raise ModuleFailure(str("the module failed" if msg is None else msg), **said)
    return said


def _true(value: Any) -> bool:
    return value is True or str(value).lower() in ("true", "yes", "1", "on")


def _tidy(found: Dict[str, Any]) -> Dict[str, Any]:
    """Without what is between a module and its runner, and with lines beside texts."""
    kept = {
        name: value
        for name, value in found.items()
        if name != "invocation" and not name.startswith("_ansible_")
    }
    for name in ("warnings", "deprecations", "exception"):
        if kept.get(name):
            kept[name] = _plain(kept[name])
        else:
            kept.pop(name, None)
    if isinstance(kept.get("ansible_facts"), dict):
        kept["ansible_facts"] = {
            name: value for name, value in kept["ansible_facts"].items() if not _leads_away(name)
        }
    for name in ("stdout", "stderr"):
        text = kept.get(name)
        if isinstance(text, str) and name + "_lines" not in kept:
            kept[name + "_lines"] = text.splitlines()
    return kept


def _plain(value: Any) -> Any:
    """What ansible-core 2.19 and later says in objects of its own, as earlier versions do."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict) or "__ansible_type" not in value:
        return value
    event = value.get("event") or {}
    if value["__ansible_type"] == "DeprecationSummary":
        said = {name: value.get(name) for name in ("version", "date") if value.get(name)}
        return dict(said, msg=event.get("msg"))
    if value["__ansible_type"] == "ErrorSummary":
        return event.get("formatted_traceback") or event.get("msg")
    return event.get("msg")


def _leads_away(name: str) -> bool:
    return name in _NO_FACTS or name.startswith(_CONNECTION) or name.endswith("_interpreter")


def _failure(done: "Completed") -> ModuleFailure:
    said = (done.stderr or done.stdout).strip().splitlines()
    last: Optional[str] = said[-1] if said else None
    if "kplay: " in done.stdout and "bytes cut here" in done.stdout:
        last = "its result is longer than %d bytes" % LONGEST
    fields: Dict[str, Any] = {
        "rc": done.rc,
        "module_stdout": "\n".join(done.stdout.splitlines()[-_LAST_LINES:]),
        "module_stderr": "\n".join(done.stderr.splitlines()[-_LAST_LINES:]),
    }
    if "Traceback (most recent call last)" in done.stderr:
        fields["exception"] = done.stderr
    return ModuleFailure("MODULE FAILURE: %s" % (last or "it said nothing"), **fields)
