from __future__ import annotations

import pytest

from kplay.modules.ownership import resolve

CASES = [
    ("0644", 0, False, 0o644),
    ("644", 0, False, 0o644),
    ("0o755", 0, False, 0o755),
    ("2775", 0, True, 0o2775),
    ("u=rw,g=r,o=r", 0o777, False, 0o644),
    ("u+x", 0o644, False, 0o744),
    ("a+x", 0o644, False, 0o755),
    ("ugo+x", 0o644, False, 0o755),
    ("+x", 0o600, False, 0o711),
    ("+w", 0o444, False, 0o644),
    ("go-rwx", 0o777, False, 0o700),
    ("go=", 0o777, False, 0o700),
    ("a+X", 0o644, False, 0o644),
    ("a+X", 0o744, False, 0o755),
    ("a+X", 0o644, True, 0o755),
    ("u=rwX,go=rX", 0o600, True, 0o755),
    ("g=u", 0o640, False, 0o660),
    ("o=g", 0o640, False, 0o644),
    ("u+s", 0o755, False, 0o4755),
    ("g+s", 0o755, True, 0o2755),
    ("+t", 0o777, True, 0o1777),
    ("u+rw,g-wx,o-rwx", 0o644, False, 0o640),
    ("u=rwx,g+w-x", 0o675, False, 0o765),
]


@pytest.mark.parametrize(("mode", "current", "directory", "wanted"), CASES, ids=str)
def test_modes(mode: str, current: int, directory: bool, wanted: int) -> None:
    assert f"{resolve(mode, current, directory):04o}" == f"{wanted:04o}"
