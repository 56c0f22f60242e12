"""``kplay version``: which kplay, which Python."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "print the version"


def add(parser: ArgumentParser) -> None:
    """No options."""


def run(chosen: Namespace) -> ExitCode:
    """Print one line."""
    from importlib.metadata import version

    print(f"kplay {version('kplay')} (Python {platform.python_version()})")
    return ExitCode.OK
