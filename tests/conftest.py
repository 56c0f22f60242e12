"""Marks tests by their folder, and refuses skipped machine tests where CI counts on them."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

TESTS = Path(__file__).parent
FOLDERS = {
    "hosts": ("hosts", "vagrant"),
    "cluster": ("e2e", "rancher"),
    "browser": ("browser",),
    "rancher": ("rancher",),
}
"""Where the Makefile looks for tests with a mark."""
MACHINE_MARKS = ("hosts", "cluster", "browser")


@pytest.fixture(autouse=True)
def own_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run on this very host, and several at once."""
    monkeypatch.setenv("KPLAY_LOCK", f"kplay-test-{uuid.uuid4().hex}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if (TESTS / "hosts") in item.path.parents:
            item.add_marker(pytest.mark.hosts)
        for mark, folders in FOLDERS.items():
            if item.get_closest_marker(mark) and folder_of(item) not in folders:
                where = " or ".join(f"tests/{folder}" for folder in folders)
                message = f"{item.nodeid} is marked `{mark}`, which is run in {where} alone"
                raise pytest.UsageError(message)


def folder_of(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).parts[0]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    machines = any(item.get_closest_marker(mark) for mark in MACHINE_MARKS)
    skipped = report.skipped and not hasattr(report, "wasxfail")
    if os.environ.get("CI") == "true" and machines and skipped:
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped where CI counts on it: {reason}"
    return report
