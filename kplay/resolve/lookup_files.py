"""Lookups of files on the controller."""

from __future__ import annotations

from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.errors import InputError
from kplay.resolve import search
from kplay.resolve.faults import TemplateError, fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.resolve.scope import Scope
    from kplay.resolve.unknown import Unknown

Options = dict[str, Any]


def _missing(scope: Scope, names: list[str]) -> TemplateError:
    sought = ", ".join(str(folder) for folder in search.search_path(scope))
    listed = ", ".join(f"`{name}`" for name in names)
    return fault("missing-file", f"no such file: {listed}", help=(f"sought in {sought}",))


def read_text(scope: Scope, name: Any, encoding: str = "utf-8") -> str:
    """The text of a file, sought as ``copy`` seeks one; opened where it is vaulted.

    Raises:
        TemplateError: there is none.
    """
    path = search.find(scope, str(name))
    if path is None:
        raise _missing(scope, [str(name)])
    return _read(scope, path, encoding)


def _read(scope: Scope, path: Path, encoding: str = "utf-8") -> str:
    """A file's text, opened where it is a vault."""
    try:
        return scope.store.vault.read(path)[0].decode(encoding)
    except InputError as error:
        raise TemplateError(error.diagnostics[0]) from error


def file(scope: Scope, terms: list[Any], options: Options) -> list[Any]:
    """The text of files."""
    found = []
    for term in terms:
        text = read_text(scope, term)
        text = text.lstrip() if options.get("lstrip", False) else text
        found.append(text.rstrip() if options.get("rstrip", True) else text)
    return found


def unvault(scope: Scope, terms: list[Any], _: Options) -> list[Any]:
    """The text of files as it is, opened where they are vaulted."""
    return [read_text(scope, term) for term in terms]


def template(scope: Scope, terms: list[Any], options: Options) -> list[Any]:
    """The text that template files give."""
    from kplay.resolve.template_files import render_template_text

    found: list[Any] = []
    extra = options.pop("template_vars", None) or {}
    seen = scope if not extra else scope.with_extra(extra)
    for term in terms:
        path = search.find(scope, str(term), "templates")
        if path is None:
            raise _missing(scope, [str(term)])
        given = {key: value for key, value in options.items() if key != "convert_data"}
        text = _read(scope, path)
        found.append(render_template_text(text, seen, str(path), options=given))
    return found


def fileglob(scope: Scope, terms: list[Any], _: Options) -> list[Any]:
    """Files that patterns match; of a relative one, in the first folder that has any."""
    found: list[Any] = []
    for term in terms:
        for path in search.candidates(scope, str(term), "files"):
            hits = sorted(one for one in glob(str(path)) if Path(one).is_file())  # noqa: PTH207
            if hits:
                found += hits
                break
    return found


def first_found(scope: Scope, terms: list[Any], options: Options) -> list[Any] | Unknown:
    """The first of several files that is there."""
    names: list[str] = []
    skip = bool(options.get("skip", False))
    plans = [*terms] or [{}]
    if options.get("files"):
        plans.append({"files": options["files"], "paths": options.get("paths", [])})
    folder = _folder(scope)
    for plan in _unfold(plans):
        if isinstance(plan, dict):
            skip = skip or bool(plan.get("skip", False))
            files, paths = _texts(plan.get("files", [])), _texts(plan.get("paths", []))
            names += [f"{path}/{name}" for path in paths for name in files] if paths else files
        else:
            names.append(str(plan))
    for name in names:
        path = search.find(scope, name, folder)
        if path is not None:
            return [str(path)]
    if skip:
        return []
    raise _missing(scope, names)


def _folder(scope: Scope) -> str:
    module = getattr(scope.node, "module", "")
    if getattr(scope.node, "kind", "") == "tasks":
        return "tasks"
    return {"template": "templates", "include_vars": "vars"}.get(module, "files")


def _unfold(plans: list[Any]) -> list[Any]:
    return [one for plan in plans for one in (plan if isinstance(plan, list) else [plan])]


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.replace(";", ",").split(",") if part.strip()]
    return [str(one) for one in value or []]


LOOKUPS: dict[str, Callable[[Scope, list[Any], Options], Any]] = {
    "file": file,
    "unvault": unvault,
    "template": template,
    "fileglob": fileglob,
    "first_found": first_found,
}
