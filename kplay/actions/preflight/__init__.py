"""The controller half of the preflight: what hosts are asked, and what is made of the answers."""

from __future__ import annotations

from kplay.actions.preflight.judging import judge
from kplay.actions.preflight.looking import facts, reach

__all__ = ["facts", "judge", "reach"]
