from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.vault.keyring import Keyring
from kplay.vault.sources import Identity

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def keyring_of() -> Callable[..., Keyring]:
    """A keyring of label=password."""

    def make(*, match: bool = False, **passwords: str) -> Keyring:
        found = []
        for label, password in passwords.items():
            one = Identity(label, "prompt")
            one.answer(password)
            found.append(one)
        return Keyring(found, match=match)

    return make
