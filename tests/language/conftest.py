from __future__ import annotations

import sys
import uuid
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def own_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases act on this very machine, and several may at once."""
    monkeypatch.setenv("KPLAY_LOCK", f"kplay-test-{uuid.uuid4().hex}")
