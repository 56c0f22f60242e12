"""The keyword table against ansible-core's own list."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kplay.playbook import keywords

ANSIBLE_DOC = Path(sys.executable).parent / "ansible-doc"
OURS = {"needs"}
"""Keywords that only kplay has."""
UNLISTED = {"listen", "local_action", "role", "import_playbook", "user", "validate_argspec"}
"""Keywords that the reference page has and ansible-doc leaves out, or that newer versions have."""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if not ANSIBLE_DOC.exists():  # pragma: no cover - the development tools bring it
        pytest.skip("no ansible-core here")
    place = tmp_path_factory.mktemp("home")

    def asked(*words: str) -> dict[str, Any]:
        argv = [str(ANSIBLE_DOC), "-t", "keyword", "--json", *words]
        env = {"ANSIBLE_HOME": str(place), "HOME": str(place), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(argv, capture_output=True, text=True, check=True, env=env)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return asked(*asked("-l"))


def test_every_keyword_of_ansible_core_is_in_the_table(theirs: dict[str, Any]):
    known = {(level, name) for level in keywords.LEVELS for name in keywords.at(level)}
    wanted = {(level.lower(), name) for name, one in theirs.items() for level in one["applies_to"]}
    assert len(wanted) > 120
    assert wanted - known == set()
    assert set(theirs) - {name for _, name in known} == set()


def test_what_the_table_has_beyond_is_named_here(theirs: dict[str, Any]):
    levels = (keywords.PLAY, keywords.ROLE, keywords.BLOCK, keywords.TASK, keywords.HANDLER)
    known = {name for level in levels for name in keywords.at(level)}
    assert known - set(theirs) == (OURS | UNLISTED) - {"import_playbook"}
