from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.walk.events import Place, StepEnded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def ended(tmp_path: Path) -> Callable[..., StepEnded]:
    """Makes StepEnded events of a task in a playbook that is on disk."""
    playbook = tmp_path / "site.yml"
    playbook.write_text("- hosts: all\n  tasks:\n    - command: make it so\n")

    def make(
        host: Any = "w1",
        task: Any = "Make it so",
        status: Any = "planned",
        action: Any = "update",
        **more: Any,
    ) -> StepEnded:
        item = more.pop("item", "")
        place = Place(f"0.0@{host}", host, task, "command", "Prepare", "", str(playbook), 3, item)
        given = {"result": {"changed": action != "none"}, **more}
        return StepEnded(0.0, place, status, action, **given)

    return make
