"""Jinja as playbooks use it: native values, variables from a scope, Unknown is contagious.

A template that yields one value gives that value as it is; one that yields several joins them
as text, None being empty (ansible-core 2.19's rules).
"""

from __future__ import annotations

import re
import warnings
from contextlib import contextmanager
from datetime import timedelta
from functools import cache, lru_cache
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, cast

import jinja2
from jinja2 import nodes
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.runtime import Context, Macro

from kplay.resolve.faults import TemplateError, fault, undefined
from kplay.resolve.lazy import settle
from kplay.resolve.missing import OMIT, Missing, NoElement
from kplay.resolve.unknown import PartialResult, Unknown, UnknownReached, reached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jinja2.compiler import Frame

    from kplay.resolve.scope import Scope

SCOPE = "\0scope"
_BARE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_KEYWORDS = frozenset(("true", "false", "none", "True", "False", "None", "not", "loop", "self"))


class _Generator(NativeCodeGenerator):
    """Emits every expression as it is; only the text between expressions is folded."""

    def _output_child_to_const(
        self, node: nodes.Expr, frame: Frame, finalize: NativeCodeGenerator._FinalizeInfo
    ) -> str:
        if isinstance(node, nodes.TemplateData):
            return cast("str", super()._output_child_to_const(node, frame, finalize))
        raise nodes.Impossible


class ScopeContext(Context):
    """Jinja's context over a scope: names are looked up when a template uses them."""

    def __init__(
        self,
        environment: jinja2.Environment,
        parent: dict[str, Any],
        name: str | None,
        blocks: dict[str, Callable[[Context], Iterator[str]]],
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - Jinja's name
    ) -> None:
        super().__init__(environment, parent, name, blocks, dict(globals or {}))
        self.scope: Scope | None = parent.get(SCOPE)

    def resolve_or_missing(self, key: str) -> Any:
        """The value of a name, a Missing where there is none."""
        if key in self.vars:
            return self.vars[key]
        if key in self.parent:
            return self.parent[key]
        if self.scope is not None:
            value = self.scope.find(key)
            if not isinstance(value, Missing):
                return value
            return self.environment.globals.get(key, value)
        return self.environment.globals.get(key, Missing(lambda: _unknown_name(key)))

    def call(self, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: PYI063
        """Call a function or method; with an Unknown among its arguments, give an Unknown."""
        if isinstance(__obj, Missing):
            raise __obj.make()
        if not isinstance(__obj, Macro) and not hasattr(__obj, "takes_unknown"):
            causes = [cause for one in (*args, *kwargs.values()) for cause in reached(one)]
            if causes:
                return Unknown(*causes)
            args = tuple(one if isinstance(one, Missing) else settle(one) for one in args)
        return super().call(__obj, *args, **kwargs)


class _Environment(jinja2.Environment):
    code_generator_class = _Generator
    context_class = ScopeContext

    @staticmethod
    def concat(values: Iterable[Any]) -> Any:
        """What a template gives out of the values it yields."""
        parts = list(values)
        if not parts:
            return None
        if len(parts) == 1:
            return parts[0]
        return "".join(
            part if type(part) is str else "" if part is None or part is OMIT else str(settle(part))
            for part in parts
        )

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``obj.attribute``: a method or attribute of the value, else its key."""
        if isinstance(obj, (Unknown, Missing)):
            return obj
        if isinstance(obj, PartialResult):
            return obj[attribute]
        if attribute.startswith("__") and attribute != "__setitem__":
            return self._absent(obj, attribute)
        try:
            return getattr(obj, attribute)
        except AttributeError:
            return self._item(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """``obj[argument]``: the key, else the attribute of that name."""
        if isinstance(obj, (Unknown, Missing)):
            return obj
        if isinstance(argument, (Unknown, Missing)):
            return argument
        if isinstance(argument, str) and not isinstance(obj, (dict, PartialResult)):
            value = self._item(obj, argument)
            if isinstance(value, Missing) and not argument.startswith("_"):
                return getattr(obj, argument, value)
            return value
        return self._item(obj, argument)

    def _item(self, obj: Any, key: Any) -> Any:
        try:
            return obj[key]
        except TemplateError as error:
            kept = error
            return Missing(lambda: kept)
        except (KeyError, IndexError, TypeError, AttributeError, LookupError):
            return self._absent(obj, key)

    @staticmethod
    def _absent(obj: Any, key: Any) -> Missing:
        def make() -> TemplateError:
            from kplay.diagnostics import suggest
            from kplay.resolve.magic import HostView

            if isinstance(obj, HostView):
                return obj.lacking(str(key))
            if isinstance(obj, dict):
                near = suggest(str(key), [str(one) for one in obj])
                return undefined(f"a mapping has no key `{key}`", help=near)
            if isinstance(obj, (list, tuple)):
                return undefined(f"a list of {len(obj)} has no element `{key}`")
            return undefined(f"a value of type `{_kind(obj)}` has no attribute `{key}`")

        return Missing(make)


def _kind(value: object) -> str:
    return "none" if value is None else type(value).__name__


def _unknown_name(name: str) -> TemplateError:
    return undefined(f"`{name}` is undefined")


def build_environment(**settings: Any) -> jinja2.Environment:
    """An environment with kplay's filters, tests and lookups."""
    from kplay.resolve.filters import FILTERS
    from kplay.resolve.globals import GLOBALS
    from kplay.resolve.jinja_tests import TESTS

    base: dict[str, Any] = {"trim_blocks": True, "keep_trailing_newline": True}
    environment = _Environment(
        **{**base, **settings},
        optimized=False,
        undefined=NoElement,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
        cache_size=400,
    )
    environment.filters = cast("Any", FILTERS)
    environment.tests = cast("Any", TESTS)
    environment.globals = GLOBALS
    return environment


@cache
def environment() -> jinja2.Environment:
    """The environment of values and conditions."""
    return build_environment()


@lru_cache(maxsize=16384)
def _compiled(text: str, literal: bool) -> jinja2.Template:
    if literal and "\\" in text:
        text = _literal_backslashes(text)
    with calm(text):
        return environment().from_string(text)


@contextmanager
def calm(text: str) -> Iterator[None]:
    r"""Compile ``'\w'`` without Python's warning: in Jinja it has always meant itself."""
    if "\\" not in text:
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _literal_backslashes(text: str) -> str:
    r"""The text with backslashes doubled in Jinja's string literals.

    In values (not in conditions, nor in template files) Ansible reads ``'\1'`` in a template as
    written: YAML has had its turn at backslashes already.
    """
    tokens = environment().lexer.tokeniter(text, None)
    return "".join(
        value.replace("\\", "\\\\") if kind == "string" else value for _, kind, value in tokens
    )


def syntax_fault(error: jinja2.TemplateSyntaxError) -> TemplateError:
    """What is wrong with a template that Jinja cannot read."""
    message = str(error.message or "not a valid template").rstrip(".")
    message = message[:1].lower() + message[1:]
    if message.startswith("no filter named"):
        return _no_such("filter", message)
    if message.startswith("no test named"):
        return _no_such("test", message)
    return fault("template-syntax", message)


def _no_such(what: str, message: str) -> TemplateError:
    from kplay.playbook.templates import nearest
    from kplay.resolve.filters import FILTERS
    from kplay.resolve.jinja_tests import TESTS

    name = message.split("'")[1] if "'" in message else message
    known = FILTERS if what == "filter" else TESTS
    return fault(f"unknown-{what}", f"no {what} named `{name}`", help=nearest(name, known))


def compile_text(text: str, *, literal: bool = True) -> jinja2.Template:
    """The compiled form of a text, kept for the next use.

    Args:
        text: the template.
        literal: whether backslashes in its string literals stand for themselves.

    Raises:
        TemplateError: the text is not a template that Jinja can read.
    """
    try:
        return _compiled(text, literal)
    except jinja2.TemplateSyntaxError as error:
        raise syntax_fault(error) from error


def run(template: jinja2.Template, scope: Scope) -> Any:
    """What a compiled template gives in a scope; an Unknown when it needs one.

    Raises:
        TemplateError: whatever goes wrong, without a place.
    """
    context = ScopeContext(template.environment, {SCOPE: scope}, template.name, template.blocks)
    try:
        value = _Environment.concat(template.root_render_func(context))
    except UnknownReached as reason:
        return Unknown(*reason.causes)
    except TemplateError:
        raise
    except jinja2.TemplateSyntaxError as error:
        raise syntax_fault(error) from error
    except jinja2.UndefinedError as error:
        raise undefined(str(error.message)) from error
    except RecursionError as error:
        raise fault("template-error", "the template calls itself without end") from error
    except Exception as error:
        raise fault("template-error", describe(error)) from error
    if isinstance(value, Missing):
        raise value.make()
    if isinstance(value, _NO_VALUES):
        message = f"the template gives a {_spoken_kind(value)}, not a value"
        raise fault("template-error", message)
    return value


_NO_VALUES = (BuiltinFunctionType, FunctionType, MethodType, timedelta)


def _spoken_kind(value: Any) -> str:
    if isinstance(value, timedelta):
        return "span of time (take its `days` or its `total_seconds()`)"
    return f"function (call it: `{value.__name__}()`)"


def describe(error: Exception) -> str:
    """An exception of a filter or method as one line."""
    text = str(error).strip().split("\n")[0].rstrip(".")
    if isinstance(error, KeyError):
        text = f"no key {text}"
    return text[:1].lower() + text[1:] if text else type(error).__name__


def render_text(text: str, scope: Scope) -> Any:
    """The value of a template; text without marks is returned as it is.

    Raises:
        TemplateError: whatever goes wrong, without a place.
    """
    bare = _BARE.fullmatch(text)
    if bare is not None and bare[1] not in _KEYWORDS:
        return scope.lookup(bare[1])
    stripped = text.rstrip("\n")
    value = run(compile_text(stripped), scope)
    ends = len(text) - len(stripped)
    if ends and isinstance(value, str):
        value += "\n" * max(0, ends - (len(value) - len(value.rstrip("\n"))))
    return value


def render_expression(text: str, scope: Scope) -> Any:
    """The value of a bare expression (``when: a is defined and b``).

    Raises:
        TemplateError: whatever goes wrong, without a place.
    """
    if text.isidentifier() and text not in _KEYWORDS:
        return scope.lookup(text)
    return run(compile_text("{{ " + text.strip() + "\n}}", literal=False), scope)


__all__ = [
    "SCOPE",
    "ScopeContext",
    "build_environment",
    "compile_text",
    "describe",
    "environment",
    "render_expression",
    "render_text",
    "run",
]
