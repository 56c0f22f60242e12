"""Every entry of every table of the language is named by a test that compares what comes of it.

``coverage.yml`` holds what is left out, reviewed, with the reason. An entry that is new in a table
fails here until a case, or a test of its module, names it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from oracle.tables import TABLES, count, entries, missing

LISTS = yaml.safe_load((Path(__file__).parent / "coverage.yml").read_text())
EXEMPT: dict[str, dict[str, str]] = LISTS["exempt"] or {}


@pytest.mark.parametrize("table", TABLES)
def test_every_entry_is_named_by_a_test(table: str):
    lacking = missing(table)
    reviewed = set(EXEMPT.get(table, {}))
    assert sorted(lacking - reviewed) == [], "no test names these"
    assert sorted(reviewed - lacking) == [], "these are named now: take them from coverage.yml"


def test_exemptions_are_of_tables_and_say_why():
    assert set(LISTS) == {"exempt"}
    assert set(EXEMPT) <= set(TABLES)
    assert all(reason for reasons in EXEMPT.values() for reason in reasons.values())


def test_the_count():
    lines = count()
    print("\n".join(lines))  # noqa: T201 - what `pytest -s` and `make language-counts` are for
    assert len(lines) == len(TABLES)
    assert all(len(entries(table)) >= 9 for table in TABLES)
