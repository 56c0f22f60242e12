"""What goes wrong in a template, with the place where the template is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic
from kplay.errors import KplayError

if TYPE_CHECKING:
    from kplay.source import Span


class TemplateError(KplayError):
    """A template cannot be rendered; ``diagnostic`` says where it is written and why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)

    @property
    def code(self) -> str:
        """The diagnostic's code."""
        return self.diagnostic.code

    @property
    def undefined(self) -> bool:
        """Whether a `default` filter may take this error's place."""
        return self.code == "undefined-variable"

    def at(self, span: Span | None) -> TemplateError:
        """The same error, placed at ``span`` unless it already has a place."""
        if span is None or self.diagnostic.span is not None:
            return self
        return TemplateError(replace(self.diagnostic, span=span))

    def through(self, name: str, span: Span | None) -> TemplateError:
        """The same error, noting that it was reached through the variable ``name``."""
        place = f" at {span}" if span else ""
        note = f"reached through `{name}`{place}"
        notes = self.diagnostic.notes
        if span == self.diagnostic.span and not notes:
            note = f"in the value of `{name}`"
        if note in notes:
            return self
        return TemplateError(replace(self.diagnostic, notes=(*notes, note)))


def fault(
    code: str,
    message: str,
    *,
    help: tuple[str, ...] = (),  # noqa: A002
    notes: tuple[str, ...] = (),
    span: Span | None = None,
) -> TemplateError:
    """A TemplateError of one line; its place is usually added where the template is known."""
    return TemplateError(Diagnostic(code, message, span, help=help, notes=notes))


def undefined(message: str, *, help: tuple[str, ...] = ()) -> TemplateError:  # noqa: A002
    """The error of a name, key or attribute that is not defined."""
    return fault("undefined-variable", message, help=help)
