"""Test doubles for those who write modules: a host in memory, and a way to run a module on it."""

from kplay.testing.host import FakeHost
from kplay.testing.memory import Unscripted
from kplay.testing.play import ReadOnly, Result, WroteWhilePlanning, checked, plan, play

__all__ = [
    "FakeHost",
    "ReadOnly",
    "Result",
    "Unscripted",
    "WroteWhilePlanning",
    "checked",
    "plan",
    "play",
]
