"""A scope that notes which names were read, so that hosts which look alike are asked once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.resolve.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kplay.playbook.model import Node, Play
    from kplay.resolve.magic import PlayContext
    from kplay.resolve.variables import VariableStore

EVERYTHING = "*"
"""Noted when a template asked which names there are."""


class TracedScope(Scope):
    """As ``Scope``; every name that is looked up, at whatever depth, lands in ``read``.

    What is read of other hosts (``hostvars``) is not noted: it is the same from wherever one looks.
    """

    __slots__ = ("read",)

    def __init__(  # noqa: PLR0917 - as Scope
        self,
        store: VariableStore,
        play: Play | None,
        host: str,
        node: Node | None,
        extra: Mapping[str, object],
        context: PlayContext,
        read: set[str],
    ) -> None:
        super().__init__(store, play, host, node, extra, context)
        self.read = read

    def find(self, name: str) -> Any:
        """As in Scope, noted."""
        self.read.add(name)
        return super().find(name)

    def given(self, name: str) -> bool:
        """As in Scope, noted."""
        self.read.add(name)
        return super().given(name)

    def written(self, name: str) -> object:
        """As in Scope, noted."""
        self.read.add(name)
        return super().written(name)

    def names(self) -> list[str]:
        """As in Scope, noted."""
        self.read.add(EVERYTHING)
        return super().names()

    def with_extra(self, extra: Mapping[str, object]) -> Scope:
        """The same scope with more variables; it notes in the same place."""
        merged = {**self.extra, **extra}
        return TracedScope(
            self.store, self.play, self.host, self.node, merged, self.context, self.read
        )
