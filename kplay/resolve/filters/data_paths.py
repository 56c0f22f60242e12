"""Filters of ansible.utils over paths into values, and over differences between values."""

from __future__ import annotations

import difflib
import json
import re
from typing import TYPE_CHECKING, Any

from jinja2 import pass_context, pass_environment

from kplay.resolve.filters.registry import kind_of
from kplay.resolve.lazy import settle

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context

_STEP = re.compile(r"\[(-?\d+)\]|\[['\"](.*?)['\"]\]|\.?([^.\[\]]+)")
_NAME = re.compile(r"[A-Za-z_]\w*")


def _as_list(found: Any, wantlist: bool) -> Any:
    return found if not wantlist or isinstance(found, list) else [found]


@pass_environment
def get_path(environment: Environment, value: Any, path: str, wantlist: bool = False) -> Any:
    """What a path such as ``a.b[0]['c.d']`` leads to."""
    found = value
    for index, quoted, name in _STEP.findall(path):
        step: Any = int(index) if index else quoted or name
        found = environment.getitem(found, step)
    return _as_list(settle(found), wantlist)


def to_paths(value: Any, prepend: str | None = None, wantlist: bool = False) -> Any:
    """Every plain value by its path."""
    found: dict[str, Any] = {}
    _walk(value, prepend or "", found)
    return _as_list(found, wantlist)


def _walk(value: Any, path: str, found: dict[str, Any]) -> None:
    if isinstance(value, dict) and value:
        for key, one in value.items():
            _walk(one, _joined(path, key), found)
    elif isinstance(value, (list, tuple)) and value:
        for index, one in enumerate(value):
            _walk(one, f"{path}[{index}]", found)
    else:
        found[path] = value


def _joined(path: str, key: Any) -> str:
    if not path:
        return str(key)
    if isinstance(key, str) and _NAME.fullmatch(key):
        return f"{path}.{key}"
    return f"{path}[{key!r}]"


@pass_context
def index_of(  # noqa: PLR0917 - Ansible's signature
    context: Context,
    value: Any,
    test: str,
    wanted: Any = None,
    key: Any = None,
    fail_on_missing: bool = False,
    wantlist: bool = False,
) -> Any:
    """Where in a list a test holds: one number, or several in a list."""
    tests: Any = context.environment.tests
    name = {"==": "eq", "!=": "ne", "in": "in"}.get(test, test)
    negated = name.startswith(("not ", "!")) and name != "!="
    name = name.removeprefix("not ").removeprefix("!")
    if name not in tests:
        raise ValueError(f"no test named `{test}`")
    function = tests[name]
    found = []
    for index, one in enumerate(value if isinstance(value, (list, tuple)) else [value]):
        part = one
        if key is not None:
            if not isinstance(one, dict) or key not in one:
                if fail_on_missing:
                    raise ValueError(f"element {index} has no `{key}`")
                continue
            part = one[key]
        holds = function(part) if wanted is None else function(part, wanted)
        if bool(holds) is not negated:
            found.append(index)
    return found[0] if len(found) == 1 and not wantlist else found


def fact_diff(before: Any, after: Any, plugin: dict[str, Any] | None = None) -> list[str]:
    """The lines of a diff between two values; none where they are equal."""
    skipped = ((plugin or {}).get("vars") or {}).get("skip_lines") or []
    patterns = [re.compile(one) for one in ([skipped] if isinstance(skipped, str) else skipped)]
    old, new = (
        [line for line in _lines(one) if not any(each.match(line) for each in patterns)]
        for one in (before, after)
    )
    found = difflib.unified_diff(old, new, fromfile="before", tofile="after")
    text = "".join(line if line.endswith("\n") else f"{line}\n{_NO_END}" for line in found)
    return text.split("\n") if text else []


_NO_END = "\\ No newline at end of file\n"


def _lines(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.splitlines(keepends=True)
    if not isinstance(value, (dict, list)):
        raise TypeError(f"it takes a mapping, a list or a text, not {kind_of(value)}")
    text = json.dumps(value, sort_keys=True, indent=4, default=str)
    return f"{text}\n".splitlines(keepends=True)


COLLECTIONS = {
    f"ansible.utils.{name}": function
    for name, function in {
        "fact_diff": fact_diff,
        "get_path": get_path,
        "index_of": index_of,
        "to_paths": to_paths,
    }.items()
}
