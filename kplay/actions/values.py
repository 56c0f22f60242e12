"""Actions that only work on values: set_fact, set_stats, debug, assert, fail, include_vars."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kplay.actions.api import Answer, Context, fault
from kplay.actions.vars_dir import files_of
from kplay.actions.vars_merge import merged
from kplay.resolve.faults import TemplateError
from kplay.resolve.unknown import Unknown, causes_in
from kplay.source import Document, Sourced
from kplay.yaml_reader import load_file

if TYPE_CHECKING:
    from pathlib import Path

_QUIET = "Verbosity threshold not met."
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_YES = frozenset({"1", "on", "true", "yes", "y"})


def set_fact(context: Context) -> Answer:
    """Variables for the host; a value that is unknown is set as unknown."""
    facts = {key: value for key, value in context.args.items() if key != "cacheable"}
    return Answer(
        {"changed": False, "ansible_facts": facts},
        facts=facts,
        cacheable=truthy(context.args.get("cacheable", False)),
        causes=causes_in(facts),
    )


def debug(context: Context) -> Answer:
    """A message or a variable for the reader."""
    if int(context.args.get("verbosity", 0)) > int(context.scope["ansible_verbosity"]):
        return Answer({"changed": False, "skipped": True, "skipped_reason": _QUIET})
    if "var" in context.task.args.value:
        name = str(context.task.args.child("var").value)
        try:
            value = context.scope.template("{{ " + name + " }}")
        except TemplateError as error:
            if not error.undefined:
                raise
            value = "VARIABLE IS NOT DEFINED!"
        return Answer({"changed": False, name: _shown(value)}, causes=causes_in(value))
    message = context.args.get("msg", "Hello world!")
    return Answer({"changed": False, "msg": _shown(message)}, causes=causes_in(message))


def _shown(value: Any) -> Any:
    causes = causes_in(value)
    return f"(known after: {'; '.join(causes)})" if causes else value


def assert_(context: Context) -> Answer:
    """Conditions that must hold."""
    given = context.task.args.child("that")
    conditions = list(given.elements()) if isinstance(given.value, list) else [given]
    causes: list[str] = []
    for condition in conditions:
        verdict = context.scope.evaluate(condition)
        if isinstance(verdict, Unknown):
            causes += verdict.causes
        elif not verdict:
            message = context.args.get("fail_msg", context.args.get("msg", "Assertion failed"))
            return Answer(
                {
                    "changed": False,
                    "failed": True,
                    "assertion": condition.value,
                    "evaluated_to": False,
                    "msg": _shown(message),
                }
            )
    if causes:
        return Answer({"changed": False, "msg": "not known yet"}, causes=tuple(causes))
    message = context.args.get("success_msg", "All assertions passed")
    return Answer({"changed": False, "msg": _shown(message)})


def fail(context: Context) -> Answer:
    """Fails with a message."""
    message = context.args.get("msg", "Failed as requested from task")
    return Answer({"changed": False, "failed": True, "msg": _shown(message)})


def include_vars(context: Context) -> Answer:
    """Variables from a file or a directory of the playbook."""
    directory = context.args.get("dir")
    if directory:
        folder = context.find_file("vars", str(directory))
        try:
            paths = files_of(folder, context.args)
        except (ValueError, re.error) as error:
            raise fault(context, "bad-value", f"`include_vars`: {error}") from error
    else:
        name = context.args.get("file", context.args.get("_raw"))
        if name is None:
            raise fault(context, "missing-argument", "`include_vars` wants `file` or `dir`")
        paths = [context.find_file("vars", str(name))]
    variables: dict[str, Sourced] = {}
    for path in paths:
        variables.update(_variables(context, path))
    under = context.args.get("name")
    sealed = any(value.document.sealed for value in variables.values())
    given: dict[str, Any] = dict(variables)
    if under:
        given = {str(under): _under(str(under), variables, paths)}
    if context.args.get("hash_behaviour") == "merge":
        given = merged(context.scope, given)
    plain = {key: one.value if isinstance(one, Sourced) else one for key, one in given.items()}
    result: dict[str, Any] = {
        "changed": False,
        "ansible_facts": plain,
        "ansible_included_var_files": [str(path) for path in paths],
    }
    if sealed:
        result["_ansible_no_log"] = True
    return Answer(result, variables=given, causes=causes_in(plain))


def set_stats(context: Context) -> Answer:
    """Values for the end of the run, of each host or of all together."""
    data = context.args.get("data", {})
    causes = causes_in(data)
    if causes:
        return Answer({"changed": False}, causes=causes)
    if not isinstance(data, dict):
        raise fault(context, "bad-value", "`data` of `set_stats` wants a mapping", "data")
    wrong = next((one for one in data if not _NAME.match(str(one))), None)
    if wrong is not None:
        message = f"`{wrong}` is no name of a variable, which `data` of `set_stats` wants"
        raise fault(context, "bad-value", message, "data")
    told = {
        "data": data,
        "per_host": truthy(context.args.get("per_host", False)),
        "aggregate": truthy(context.args.get("aggregate", True)),
    }
    return Answer({"changed": False, "ansible_stats": told})


def _variables(context: Context, path: Path) -> dict[str, Sourced]:
    document = load_file(path, context.scope.store.vault)
    return dict(document.root.items()) if isinstance(document.data, dict) else {}


def _under(name: str, variables: dict[str, Sourced], paths: list[Path]) -> Sourced:
    """Variables of several files as one mapping; templates in it know their places."""
    document = Document(str(paths[-1]) if paths else name, "", {})
    for key, value in variables.items():
        document.data[key] = value.value
        start = len(value.path)
        for path, span in value.document.spans.items():
            if path[:start] == value.path:
                document.spans[key, *path[start:]] = span
    return document.root


def truthy(value: object) -> bool:
    """Ansible's reading of a boolean argument."""
    return str(value).strip().lower() in _YES
