"""Templates that are rendered while loading: names of roles and files that a playbook imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.resolve.faults import TemplateError
from kplay.resolve.unknown import causes_in
from kplay.resolve.variables import VariableStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from kplay.inventory.model import Inventory
    from kplay.vault.keyring import Keyring


def renderer(
    inventory: Inventory, vault: Keyring | None = None
) -> Callable[[str, Mapping[str, object], Path | None], str | None]:
    """A function that renders a name before there is a host.

    It takes the text, the variables that the place in the playbook knows (Sourced values are
    templates) and the playbook's folder; it gives None where the name depends on anything else.
    """

    def render(text: str, known: Mapping[str, object], directory: Path | None) -> str | None:
        scope = VariableStore(inventory, directory, vault=vault).scope(
            None, "localhost", extra=known
        )
        try:
            value = scope.template(text)
        except TemplateError:
            return None
        return None if causes_in(value) or value is None else str(value)

    return render
