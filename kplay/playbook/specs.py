"""Argument specs of roles: what an entry point of a role takes, checked as the role begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.playbook import files
from kplay.playbook.model import Task
from kplay.playbook.values import shown
from kplay.source import Document, made_up

if TYPE_CHECKING:
    from kplay.playbook.model import Block, Role
    from kplay.playbook.reader import Reader
    from kplay.playbook.scope import Scope
    from kplay.source import KeyPath, Sourced, Span

MODULE = "validate_argument_spec"


def validation(reader: Reader, role: Role, part: str, block: Block, scope: Scope) -> list[Task]:
    """The task that checks a role's arguments, as Ansible puts it before the role's own.

    Args:
        reader: reads the role's files.
        role: the role.
        part: the file of tasks that is used; its name as written is the entry point.
        block: of the role; it stands where the role is used.
        scope: inside the role.
    """
    specs = _specs(reader, role, scope)
    spec = specs.get(part) if specs is not None else None
    if spec is None or not spec.value:
        return []
    if not isinstance(spec.value, dict):
        message = f"an argument spec is a mapping, not {shown(spec.value)}"
        scope.faults.add("bad-value", message, spec.span)
        return []
    about = spec.value.get("short_description")
    said = f" - {about}" if about else ""
    name = f"Validating arguments against arg spec '{part}'{said}"
    words = {"name": made_up(name), "tags": made_up(["always"])}
    args = _arguments(spec, role, part)
    return [Task(MODULE, args, words, block.span, role=role, parent=block)]


def _specs(reader: Reader, role: Role, scope: Scope) -> Sourced | None:
    for part in ("argument_specs", "main"):
        found = [*files.part_of_role(role.path, "meta", "main")] if part == "main" else [
            path
            for end in files.EXTENSIONS
            if (path := role.path / "meta" / f"{part}{end}").is_file()
        ]  # fmt: skip
        document = reader.document(files.tidy(found[0]), scope) if found else None
        if document is None or not isinstance(document.data, dict):
            continue
        specs = document.root.get("argument_specs")
        if specs is None or specs.value is None:
            continue
        if isinstance(specs.value, dict):
            return specs
        message = f"`argument_specs` is a mapping of entry points, not {shown(specs.value)}"
        scope.faults.add("bad-value", message, specs.span)
    return None


def _arguments(spec: Sourced, role: Role, point: str) -> Sourced:
    """The arguments of the task; those of the spec keep their places."""
    options = spec.get("options")
    data: dict[str, Any] = {
        "argument_spec": options.value if options is not None and options.value else {},
        "provided_arguments": {},
        "validate_args_context": {
            "type": "role",
            "name": role.name,
            "argument_spec_name": point,
            "path": str(role.path.resolve()),
        },
    }
    document = Document(spec.document.file, spec.document.text, data, sealed=spec.document.sealed)
    document.spans[()] = spec.span
    start = len(spec.path) + 1
    tables: list[tuple[dict[KeyPath, Span], dict[KeyPath, Span]]] = [
        (spec.document.spans, document.spans),
        (spec.document.key_spans, document.key_spans),
    ]
    for source, target in tables:
        for path, span in source.items():
            if path[:start] == (*spec.path, "options"):
                target["argument_spec", *path[start:]] = span
    return document.root
