"""Real hosts for a test session: made once, shared by all tests, gone at its end."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kplay import lab as labs

if TYPE_CHECKING:
    from collections.abc import Iterator

LAB_FILES = Path(__file__).parents[2] / "inventories/lab"


@pytest.fixture(scope="session")
def lab_hosts() -> Iterator[labs.Lab]:
    """The lab of ``inventories/lab/hosts.yml``, up; hosts h1 to h4, its inventory on disk.

    A test that leaves a host other than bare says so to the tests after it by using names of its
    own. Without root, or where machines cannot be made, every test that asks for it fails.
    """
    lab = replace(labs.load_lab(LAB_FILES / "hosts.yml"), name=f"hosts-{os.getpid()}")
    messages: list[str] = []
    try:
        labs.up(lab, progress=lambda host, message: messages.append(f"{host}: {message}"))
        yield lab
    finally:
        labs.down(lab, progress=lambda host, message: messages.append(f"{host}: {message}"))
