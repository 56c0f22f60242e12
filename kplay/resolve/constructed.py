"""The inventory plugin ``constructed``: variables and groups out of expressions over hosts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kplay.errors import InputError
from kplay.inventory.plugins import CONSTRUCTED, KEYED
from kplay.resolve.faults import TemplateError, fault, undefined
from kplay.resolve.lazy import settle
from kplay.resolve.missing import Missing
from kplay.resolve.templating import compile_text, render_expression
from kplay.resolve.unknown import Unknown
from kplay.resolve.variables import VariableStore
from kplay.source import Document, Sourced, UnsafeText

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.inventory.build import Builder
    from kplay.resolve.precedence import Table
    from kplay.resolve.scope import Scope

_UNSAFE = re.compile(r"^[\d\W]|\W")
_EMPTY = (None, "")


class Constructor:
    """Evaluates files of the plugin.

    Args:
        extra_vars: the command line's, for ``use_extra_vars``.
        facts: gives what is known of a host from earlier runs.
    """

    def __init__(
        self,
        extra_vars: Mapping[str, Sourced] | None = None,
        facts: Callable[[str], Mapping[str, object]] | None = None,
    ) -> None:
        self.extra_vars = dict(extra_vars or {})
        self.facts = facts

    def __call__(self, root: Sourced, builder: Builder) -> None:
        """Add variables and groups to every host of the inventory so far."""
        _Constructed(root, builder, self).run()


class _Draft(VariableStore):
    """Variables of hosts while their groups are still being put together."""

    def inventory_table(self, host: str) -> Table:
        """What is said of a host so far; of `all` only where a source puts the host into it."""
        known = self.inventory.hosts[host]
        groups = [self.inventory.groups[name] for name in known.groups]
        table: Table = {}
        for group in groups:
            table.update(group.variables)
        for group in groups:
            table.update(group.file_variables)
        table.update(known.variables)
        table.update(known.file_variables)
        return table


class _Constructed:
    def __init__(self, root: Sourced, builder: Builder, owner: Constructor) -> None:
        self.root = root
        self.builder = builder
        self.strict = bool(self._option("strict"))
        extra = owner.extra_vars if self._option("use_extra_vars") else {}
        self.store = _Draft(builder.inventory, None, extra)
        self.facts = owner.facts

    def _option(self, name: str) -> Any:
        found = self.root.get(name)
        if found is None or found.value is None:
            return CONSTRUCTED[name].default
        return found.value

    def _entries(self, name: str) -> list[tuple[str, Sourced]]:
        return list(self.root.child(name).items()) if self._option(name) else []

    def run(self) -> None:
        """Go through the hosts; faults are noted and end it."""
        try:
            self._check_syntax()
            for host in list(self.builder.inventory.hosts):
                self._host(host)
        except TemplateError as error:
            self.builder.faults.absorb(InputError(error.diagnostic))

    def _host(self, host: str) -> None:
        known = self.builder.inventory.hosts[host]
        known.groups = self.builder.around(host)
        if self.facts is not None:
            self.store.add_facts(host, self.facts(host))
        # They do not see each other, as in Ansible
        scope = self._scope(host)
        for name, expression in self._entries("compose"):
            try:
                value = self._value(expression, scope)
            except TemplateError:
                if self.strict:
                    raise
                continue
            made = Document(expression.document.file, expression.document.text, _final(value))
            made.spans[()] = expression.span
            known.variables[name] = made.root
        scope = self._scope(host)
        for name, condition in self._entries("groups"):
            if self._holds(condition, scope):
                self._join(host, safe(name), condition)
        if self._option("keyed_groups"):
            for entry in self.root.child("keyed_groups").elements():
                self._keyed(host, entry, scope)

    def _scope(self, host: str) -> Scope:
        gone = Missing(lambda: undefined("no such variable while an inventory is made"))
        return self.store.scope(None, host, None, {"groups": gone, "hostvars": gone})

    def _value(self, expression: Sourced, scope: Scope) -> Any:
        try:
            return settle(render_expression(str(expression.value), scope))
        except TemplateError as error:
            raise error.at(expression.span) from error

    def _holds(self, condition: Sourced, scope: Scope) -> bool:
        try:
            value = condition.value
            if isinstance(value, str):
                value = self._value(condition, scope)
            if not isinstance(value, bool | Unknown):
                message = f"a condition gives true or false, not a `{type(value).__name__}`"
                raise fault("condition-not-boolean", message, span=condition.span)
        except TemplateError:
            if self.strict:
                raise
            return False
        return value is True

    def _check_syntax(self) -> None:
        """A text that is no template is a mistake, whether or not a missing value is one."""
        written = [value for name in ("compose", "groups") for _, value in self._entries(name)]
        if self._option("keyed_groups"):
            entries = self.root.child("keyed_groups").elements()
            written += [entry.child("key") for entry in entries]
        for one in written:
            try:
                compile_text("{{ " + str(one.value).strip() + "\n}}", literal=False)
            except TemplateError as error:
                raise error.at(one.span) from error

    # Groups out of values

    def _keyed(self, host: str, entry: Sourced, scope: Scope) -> None:
        settings = {name: option.default for name, option in KEYED.items()}
        settings.update({name: value for name, value in entry.value.items() if value is not None})
        default = entry.value.get("default_value")
        key = entry.child("key")
        try:
            value = self._value(key, scope)
            parent = str(scope.template(settings["parent_group"]))
        except TemplateError:
            if self.strict:
                raise
            return
        if isinstance(value, Unknown):
            return
        if (value in _EMPTY and default is None) or value in ([], {}):
            if self.strict:
                message = f"`{key.value}` gives nothing for {host}"
                self.builder.faults.add("empty-key", message, key.span)
            return
        separator = str(settings["separator"])
        trailing = bool(settings["trailing_separator"])
        for name in self._names(value, key, default, separator, trailing=trailing):
            prefix = str(settings["prefix"])
            joint = separator if prefix or self._option("leading_separator") else ""
            group = safe(f"{prefix}{joint}{name}")
            self._join(host, group, key)
            if parent:
                above = safe(parent)
                self.builder.group(above, key.span)
                self.builder.nest(above, group, key.span)

    def _names(
        self, value: Any, key: Sourced, default: Any, separator: str, *, trailing: bool
    ) -> list[str]:
        if isinstance(value, str) or value is None:
            return [str(default) if value in _EMPTY else value]
        if isinstance(value, list):
            return [
                str(default) if one == "" and default is not None else str(one) for one in value
            ]
        if isinstance(value, Mapping):
            return [_pair(name, one, default, separator, trailing) for name, one in value.items()]
        message = f"`{key.value}` gives a value of type `{type(value).__name__}`"
        hint = ("a key is text, a list or a mapping: add `| string`",)
        self.builder.faults.add("bad-value", message, key.span, help=hint)
        return []

    def _join(self, host: str, group: str, place: Sourced) -> None:
        self.builder.group(group, place.span)
        self.builder.host(host, group, place.span, {})
        self.builder.inventory.hosts[host].groups = self.builder.around(host)


def _pair(name: object, value: object, default: object, separator: str, trailing: bool) -> str:
    if value == "":
        if default is not None:
            return f"{name}{separator}{default}"
        if not trailing:
            return str(name)
    return f"{name}{separator}{value}"


def safe(name: str) -> str:
    """A group's name with an underscore for what no variable's name may hold."""
    return _UNSAFE.sub("_", name)


def _final(value: Any) -> Any:
    """The value of an expression, which is never a template again."""
    if isinstance(value, str):
        return UnsafeText(value) if "{" in value else value
    if isinstance(value, Mapping):
        return {key: _final(one) for key, one in value.items()}
    return [_final(one) for one in value] if isinstance(value, list) else value
