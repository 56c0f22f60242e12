from __future__ import annotations

from typing import Any

import pytest

from kplay.foreign.diffs import rows
from kplay.foreign.groups import members


@pytest.mark.parametrize(
    ("diff", "expected"),
    [
        ({"before": "a\n", "after": "b\n", "after_header": "/etc/x"},
         [{"path": "/etc/x", "before": "a\n", "after": "b\n"}]),
        ([{"before": "a", "after": "a"}, {"before": None, "after": {"x": 1}}],
         [{"label": "", "before": "", "after": '{\n  "x": 1\n}\n'}]),
        ({"before": "a\n", "after": "b\n", "before_header": "/etc/x (content)"},
         [{"path": "/etc/x", "before": "a\n", "after": "b\n"}]),
        ({"before": "a\n", "after": "b\n", "before_header": "/bin/x -f y"},
         [{"label": "/bin/x -f y", "before": "a\n", "after": "b\n"}]),
        ({"prepared": "- a\n+ b"}, [{"label": "", "before": "", "after": "- a\n+ b\n"}]),
        ({}, []), (None, []), ("text", []), ([None], []),
    ],
)  # fmt: skip
def test_differences_as_kplay_shows_them(diff: Any, expected: list[dict[str, str]]) -> None:
    assert rows(diff) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("group/nice.kit.ours", {"nice.kit.tool", "nice.other.thing"}),
        ("group/nice.kit.wide", {"nice.kit.tool", "nice.other.thing"}),
        ("group/nice.other.theirs", {"nice.other.thing"}),
        ("group/nice.kit.none", set()),
        ("group/none", set()),
        ("nice.kit.ours", set()),
    ],
)
def test_groups_of_modules(home: Any, key: str, expected: set[str]) -> None:
    assert members(key, (home,)) == expected
