"""The variables that one task sees on one host, rendered when they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from kplay.errors import InputError
from kplay.resolve.conditions import evaluate
from kplay.resolve.faults import TemplateError, fault, undefined
from kplay.resolve.lazy import LazyDict, LazyList, is_template, shallow
from kplay.resolve.magic import DEFAULTS, IN_PLAY, MAGIC, in_role
from kplay.resolve.missing import Missing
from kplay.resolve.precedence import Definition, Layer, definition
from kplay.resolve.rendering import rendered
from kplay.resolve.templating import render_text
from kplay.source import OpenedText, Sourced, UnsafeText, VaultText

if TYPE_CHECKING:
    from kplay.playbook.model import Node, Play, Role
    from kplay.resolve.magic import PlayContext
    from kplay.resolve.precedence import Table
    from kplay.resolve.unknown import Unknown
    from kplay.resolve.variables import VariableStore
    from kplay.source import Span

_ABSENT = object()


class Scope(Mapping[str, Any]):
    """Name → value; the winning definition is rendered on first access and kept."""

    __slots__ = (
        "_chain",
        "_own_files",
        "_siblings",
        "_stack",
        "_tables",
        "_values",
        "context",
        "extra",
        "host",
        "node",
        "play",
        "store",
    )

    store: VariableStore
    play: Play | None
    host: str
    node: Node | None
    extra: Mapping[str, object]
    context: PlayContext

    def __init__(  # noqa: PLR0917 - built by VariableStore.scope alone
        self,
        store: VariableStore,
        play: Play | None,
        host: str,
        node: Node | None,
        extra: Mapping[str, object],
        context: PlayContext,
    ) -> None:
        self.store = store
        self.play = play
        self.host = host
        self.node = node
        self.extra = extra
        self.context = context
        self._values: dict[str, Any] = {}
        self._stack: list[str] = []
        self._siblings: dict[str, Scope] | None = None
        self._own_files: Table | None = None
        bands = store.bands(play, node)
        self._tables: tuple[Mapping[str, object], ...] = (
            store.extra_vars,
            bands.parameters,
            store.settled.get(host) or _NOTHING,
            store.included.get(host) or _NOTHING,
            bands.task,
            bands.role,
        )
        self._chain: tuple[Mapping[str, object], ...] = (
            bands.play,
            store.facts.get(host) or _NOTHING,
            store.inventory_table(host),
            bands.defaults,
        )

    # Mapping

    def __getitem__(self, name: str) -> Any:
        """The rendered value; KeyError when no layer defines the name.

        Raises:
            TemplateError: its definition cannot be rendered.
        """
        value = self.find(name)
        if isinstance(value, Missing):
            if not self.defines(name):
                raise KeyError(name)
            raise value.make()
        return value

    def __contains__(self, name: object) -> bool:
        return self.defines(str(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.names())

    # Names

    @property
    def role(self) -> Role | None:
        """The role of the task, if it is in one."""
        return self.node.role if self.node is not None else None

    @property
    def play_name(self) -> str:
        """The play's name as written."""
        return self.play.name if self.play is not None else ""

    def sibling(self, host: str) -> Scope:
        """Another host's variables as hostvars shows them: nothing of the play."""
        if self._siblings is None:
            self._siblings = {}
        if host not in self._siblings:
            other = self.store.scope(None, host, None, None, self.context)
            other._siblings = self._siblings
            self._siblings[host] = other
        return self._siblings[host]

    def with_extra(self, extra: Mapping[str, object]) -> Scope:
        """The same scope with more variables of its own; they win."""
        merged = {**self.extra, **extra}
        return self.store.scope(self.play, self.host, self.node, merged, self.context)

    def _files(self) -> Table:
        if self._own_files is None:
            self._own_files = {}
            self._own_files = self.store.vars_files(self.play, self)
        return self._own_files

    def _winner(self, name: str) -> object:
        if name in self.extra:
            return self.extra[name]
        for table in self._tables:
            if name in table:
                return table[name]
        if self.play is not None and self.play.vars_files and name in (files := self._files()):
            return files[name]
        for table in self._chain:
            if name in table:
                return table[name]
        return _ABSENT

    def written(self, name: str) -> object:
        """The winning definition as it stands, a Sourced where the user wrote it; or None."""
        found = self._winner(name)
        return None if found is _ABSENT else found

    def _maker(self, name: str) -> Any:
        maker = MAGIC.get(name)
        if maker is None and self.play is not None:
            maker = IN_PLAY.get(name)
            if maker is None:
                maker = in_role(self.role).get(name)
            if name == "ansible_limit" and self.context.limit is not None:
                return lambda scope: scope.context.limit
        return maker

    def defines(self, name: str) -> bool:
        """Whether any layer defines a name."""
        return self.given(name) or self._default(name) is not None

    def given(self, name: str) -> bool:
        """Whether a layer defines a name, defaults of kplay's own left out."""
        return self._maker(name) is not None or self._winner(name) is not _ABSENT

    def _default(self, name: str) -> Any:
        """What a name means where no layer defines it, or None."""
        return DEFAULTS[name](self) if self.play is not None and name in DEFAULTS else None

    def names(self) -> list[str]:
        """Every defined name, sorted."""
        found: set[str] = {*MAGIC, *self.extra, *self._files()}
        if self.play is not None:
            found.update(IN_PLAY)
        found.update(in_role(self.role))
        for table in (*self._tables, *self._chain):
            found.update(table)
        return sorted(found)

    def definitions(self, name: str) -> list[Definition]:
        """Every definition of a name, the lowest layer first; the last one wins."""
        store = self.store
        layers = [
            *store.static_layers(self.play, self.node),
            *store.inventory_layers(self.host),
            (Layer.FACTS, store.facts.get(self.host, {})),
            (Layer.PLAY_VARS_FILES, self._files()),
            (Layer.INCLUDE_VARS, store.included.get(self.host, {})),
            (Layer.SET_FACTS, store.settled.get(self.host, {})),
            (Layer.EXTRA_VARS, store.extra_vars),
            (Layer.LOOP_VARS, dict(self.extra)),
        ]
        layers.sort(key=lambda one: one[0])
        found = [definition(name, layer, table[name]) for layer, table in layers if name in table]
        if self._maker(name) is not None:
            found.append(Definition(name, Layer.MAGIC, self.find(name), None))
        unique: list[Definition] = []
        for one in found:
            if not unique or (one.layer, one.span, one.value) != (
                unique[-1].layer,
                unique[-1].span,
                unique[-1].value,
            ):
                unique.append(one)
        return unique

    # Values

    def find(self, name: str) -> Any:
        """The value of a name for a template: a Missing where it is undefined or fails."""
        value = self._values.get(name, _ABSENT)
        if value is not _ABSENT:
            return value
        value = self._find(name)
        self._values[name] = value
        return value

    def _find(self, name: str) -> Any:
        maker = self._maker(name)
        if maker is not None and name not in self.extra:
            return maker(self)
        written = self._winner(name)
        if written is _ABSENT:
            default = self._default(name)
            if default is not None:
                return default
            return Missing(lambda: self._undefined(name), undefined=True)
        if not isinstance(written, Sourced):
            return written
        if name in self._stack:
            return self._recursion(name)
        self._stack.append(name)
        try:
            return self._render(written, name, written.key_span)
        except TemplateError as error:
            kept = error.at(written.span).through(name, written.span)
            return Missing(lambda: kept)
        finally:
            self._stack.pop()

    def lookup(self, name: str) -> Any:
        """The value of a name.

        Raises:
            TemplateError: it is undefined, or cannot be rendered.
        """
        value = self.find(name)
        if isinstance(value, Missing):
            raise value.make()
        return value

    def _undefined(self, name: str) -> TemplateError:
        from kplay.diagnostics import suggest

        return undefined(f"`{name}` is undefined", help=suggest(name, self.names()))

    def _recursion(self, name: str) -> Missing:
        names = [*self._stack[self._stack.index(name) :], name]
        chain = " -> ".join(names)
        spans = [one.span for each in names[:-1] if isinstance(one := self._winner(each), Sourced)]
        error = fault("recursive-variable", f"a variable needs itself: {chain}", span=spans[0])
        for each, span in zip(names[1:-1], spans[1:], strict=False):
            error = error.through(each, span)
        return Missing(lambda: error)

    def _render(self, written: Sourced, name: str, defined: Span) -> Any:
        """A value as written: strings are templates, containers render when they are read."""
        value = written.value
        if isinstance(value, str):
            if isinstance(value, VaultText):
                return self.unseal(value, written.span)
            if isinstance(value, UnsafeText) or not is_template(value):
                return value
            try:
                return shallow(render_text(value, self))
            except TemplateError as error:
                raise error.at(written.span) from error
        if isinstance(value, dict):
            return LazyDict(written, partial(self._element, name, defined))
        if isinstance(value, list):
            return LazyList(written, partial(self._element, name, defined))
        return value

    def _element(self, name: str, defined: Span, written: Sourced) -> Any:
        try:
            return self._render(written, name, defined)
        except TemplateError as error:
            raise error.through(name, defined) from error

    def unseal(self, value: VaultText, span: Span) -> OpenedText:
        """What an encrypted value holds.

        Raises:
            TemplateError: no password opens it.
        """
        try:
            return OpenedText(self.store.vault.value(value, span), value)
        except InputError as error:
            raise TemplateError(error.diagnostics[0]) from error

    def template(self, value: object) -> Any:
        """A value with every template in it rendered, containers too, omitted keys dropped.

        A single ``{{ expression }}`` gives its native value, other templates text. A value that
        only the run can tell gives an Unknown in its place.

        Raises:
            TemplateError: a template cannot be rendered; its diagnostic says where it stands.
        """
        return rendered(value, self)

    def evaluate(self, condition: object) -> bool | Unknown:
        """Whether a condition holds (``when``, ``until``, ``that`` …); a list means all of it.

        Raises:
            TemplateError: the condition cannot be evaluated.
        """
        return evaluate(condition, self)


_NOTHING: Table = {}
