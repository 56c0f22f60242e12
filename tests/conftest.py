"""Marks tests by their folder, and refuses skipped machine tests where CI counts on them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
MACHINE_MARKS = ("hosts", "cluster")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if (TESTS / "hosts") in item.path.parents:
            item.add_marker(pytest.mark.hosts)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    wanted = any(item.get_closest_marker(mark) for mark in MACHINE_MARKS)
    if (
        os.environ.get("CI") == "true"
        and wanted
        and report.skipped
        and not hasattr(report, "wasxfail")
    ):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped where CI counts on it: {reason}"
    return report
