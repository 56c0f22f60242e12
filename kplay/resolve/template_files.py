"""Template files, as the template module and the lookup of that name render them."""

from __future__ import annotations

import ast
import re
import socket
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from kplay.resolve import search
from kplay.resolve.faults import TemplateError, fault, undefined
from kplay.resolve.lazy import settle
from kplay.resolve.templating import (
    SCOPE,
    ScopeContext,
    build_environment,
    calm,
    describe,
    syntax_fault,
)
from kplay.resolve.unknown import Unknown, UnknownReached
from kplay.source import Span

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from kplay.resolve.scope import Scope

_UNDEFINED = re.compile(r"`(\w+)` is undefined")
HEADER = "#jinja2:"
OPTIONS = (
    "trim_blocks",
    "lstrip_blocks",
    "newline_sequence",
    "keep_trailing_newline",
    "variable_start_string",
    "variable_end_string",
    "block_start_string",
    "block_end_string",
    "comment_start_string",
    "comment_end_string",
    "line_statement_prefix",
    "line_comment_prefix",
)
Settings = tuple[tuple[str, Any], ...]


def render_template_text(
    text: str, scope: Scope, file: str, *, options: Mapping[str, Any] | None = None
) -> str | Unknown:
    """What a template file gives.

    Args:
        text: the file's text; a first line ``#jinja2: name: value, …`` overrides options.
        scope: the variables.
        file: the file's path, for messages and for includes beside it.
        options: the template module's (trim_blocks, lstrip_blocks, newline_sequence …).

    Raises:
        TemplateError: the place is the template's own line.
    """
    given: dict[str, Any] = {"keep_trailing_newline": False}
    given |= {key: value for key, value in (options or {}).items() if key in OPTIONS}
    if "newline_sequence" in given:
        given["newline_sequence"] = _newline(given["newline_sequence"])
    skipped = 0
    if text.startswith(HEADER):
        first, _, text = text.partition("\n")
        given.update(_header(first, file))
        skipped = 1
    folders = [Path(file).resolve().parent]
    for base in search.search_path(scope):
        folders += [base / "templates", base]
    settings = tuple(sorted(given.items()))
    seen = scope.with_extra(_about(file, scope))
    try:
        template = _compiled(settings, tuple(map(str, dict.fromkeys(folders))), file, text)
        context = ScopeContext(template.environment, {SCOPE: seen}, file, template.blocks)
        value = template.environment.concat(template.root_render_func(context))
    except UnknownReached as reason:
        return Unknown(*reason.causes)
    except jinja2.TemplateSyntaxError as error:
        where = error.filename or file
        line = error.lineno + (skipped if where == file else 0)
        raise syntax_fault(error).at(_line(where, line)) from error
    except Exception as error:
        raise _placed(error, file, skipped) from error
    if isinstance(value, Unknown):
        return value
    try:
        rendered = "" if value is None else str(settle(value))
    except UnknownReached as reason:
        return Unknown(*reason.causes)
    return rendered + _lost_newlines(text, rendered, str(given.get("newline_sequence", "\n")))


def _lost_newlines(text: str, rendered: str, newline: str) -> str:
    """Newlines to add, so that at least as many end the result as end the template."""
    wanted = len(text) - len(text.rstrip("\n"))
    kept = (len(rendered) - len(rendered.rstrip("\r\n"))) // len(newline)
    return newline * max(0, wanted - kept)


@lru_cache(maxsize=64)
def _environment(settings: Settings, folders: tuple[str, ...]) -> jinja2.Environment:
    return build_environment(
        loader=jinja2.FileSystemLoader(folders), finalize=settle, **dict(settings)
    )


@lru_cache(maxsize=1024)
def _compiled(
    settings: Settings, folders: tuple[str, ...], file: str, text: str
) -> jinja2.Template:
    environment = _environment(settings, folders)
    with calm(text):
        code = environment.compile(text, name=file, filename=file)
    return jinja2.Template.from_code(environment, code, environment.globals, None)


def _newline(value: Any) -> str:
    return {"\\n": "\n", "\\r": "\r", "\\r\\n": "\r\n"}.get(str(value), str(value))


def _header(line: str, file: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in line.removeprefix(HEADER).split(","):
        name, colon, value = pair.partition(":")
        key = name.strip()
        if not colon or key not in OPTIONS:
            raise fault(
                "template-header",
                f"`{key}` is not an option of a template",
                help=(", ".join(OPTIONS),),
                span=_line(file, 1),
            )
        try:
            found[key] = ast.literal_eval(value.strip())
        except (ValueError, SyntaxError) as error:
            message = f"the value of `{key}` is not a literal: {value.strip()}"
            raise fault("template-header", message, span=_line(file, 1)) from error
    return found


def _about(file: str, scope: Scope) -> dict[str, Any]:
    path = Path(file)
    found: dict[str, Any] = {
        "template_path": file,
        "template_fullpath": str(path.resolve()),
        "template_host": socket.gethostname(),
        "template_run_date": time.strftime("%Y-%m-%d %H:%M:%S"),
    }
    if path.exists():
        try:
            found["template_uid"] = path.owner()
        except KeyError:
            found["template_uid"] = path.stat().st_uid
        written = path.stat().st_mtime
        found["template_mtime"] = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(written))
    if not scope.defines("ansible_managed"):
        found["ansible_managed"] = "Ansible managed"
    return found


def _line(file: str, line: int, word: str = "") -> Span:
    """A line of a template, or a word in it."""
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    text = lines[line - 1] if line <= len(lines) else ""
    found = re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", text) if word else None
    if found is not None:
        return Span(file, line, found.start() + 1, line, found.end() + 1)
    first = len(text) - len(text.lstrip()) + 1
    return Span(file, line, first, line, max(first + 1, len(text.rstrip()) + 1))


def _placed(error: Exception, file: str, skipped: int) -> TemplateError:
    name = _UNDEFINED.match(str(error))
    where = _where(error.__traceback__, file, skipped, name[1] if name else "")
    if isinstance(error, TemplateError):
        if error.diagnostic.span is None:
            return error.at(where)
        return error.through(Path(where.file).name, where)
    if isinstance(error, jinja2.TemplateNotFound):
        return fault("missing-file", f"no such template: `{error.message}`", span=where)
    if isinstance(error, jinja2.UndefinedError):
        return undefined(str(error.message)).at(where)
    return fault("template-error", describe(error), span=where)


def _near(file: str) -> str:
    """A path as the user wrote it: what Jinja finds for an include is absolute."""
    here = f"{Path.cwd()}/"
    return file.removeprefix(here)


def _where(trace: TracebackType | None, file: str, skipped: int, word: str) -> Span:
    place = (file, 1)
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, jinja2.Template) and template.filename not in (None, "<template>"):
            line = template.get_corresponding_lineno(trace.tb_lineno)
            name = _near(str(template.filename))
            place = (name, line + (skipped if name == file else 0))
        trace = trace.tb_next
    return _line(*place, word)
