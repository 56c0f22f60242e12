"""Every entry of every table of the language is named by a test that compares what comes of it.

``coverage.yml`` holds what is left out: ``exempt``, reviewed, with the reason; ``open``, what still
lacks a case.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from oracle.tables import TABLES, count, entries, missing

LISTS = yaml.safe_load((Path(__file__).parent / "coverage.yml").read_text())
EXEMPT: dict[str, dict[str, str]] = LISTS["exempt"] or {}
OPEN: dict[str, list[str]] = LISTS["open"] or {}


@pytest.mark.parametrize("table", TABLES)
def test_every_entry_is_named_by_a_test(table: str):
    lacking = missing(table)
    reviewed = set(EXEMPT.get(table, {}))
    assert sorted(lacking - reviewed - set(OPEN.get(table, ()))) == [], "no test names these"
    assert sorted(reviewed - lacking) == [], "these are named now: take them from coverage.yml"


def test_exemptions_are_of_tables_and_say_why():
    assert {*EXEMPT, *OPEN} <= set(TABLES)
    assert all(reason for reasons in EXEMPT.values() for reason in reasons.values())


def test_the_count():
    lines = count()
    print("\n".join(lines))  # noqa: T201 - what `pytest -s` and `make language-counts` are for
    assert len(lines) == len(TABLES)
    assert all(len(entries(table)) >= 9 for table in TABLES)
