"""What the page of a plan holds; what it does is shown in tests/browser."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from kplay.plan.model import PlanData
from kplay.report import plan_html
from kplay.walk.events import HostLost, StepEnded

if TYPE_CHECKING:
    from collections.abc import Callable

NASTY = "x</script><img src=x onerror=alert(1)>\"'&<b>"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    return tags


def embedded(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="plan">(.*?)</script>', text)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_nothing_that_a_user_wrote_is_markup(ended: Callable[..., StepEnded]) -> None:
    step = ended(
        NASTY, NASTY, action="unknown", causes=[NASTY], item=NASTY,
        diff=[{"path": NASTY, "before": NASTY, "after": "y\n"}, {"label": NASTY, "after": "z"}],
    )  # fmt: skip
    lost = [HostLost(0.0, NASTY, "failed", NASTY, 1)]
    text = plan_html.of(PlanData.of([step], lost), note=NASTY)
    tags = parsed(text)
    assert not {tag for tag, _ in tags.seen} & {"img", "b" * 9, "iframe", "link", "object"}
    assert not [name for _, given in tags.seen for name in given if name.startswith("on")]
    assert sum(tag == "script" for tag, _ in tags.seen) == 3
    assert sum(NASTY in data for data in tags.text) >= 8
    assert embedded(text)["hosts"] == [NASTY]


def test_what_would_hide_itself_is_shown_by_its_number(ended: Callable[..., StepEnded]) -> None:
    diff = [{"path": "/a", "before": "", "after": "if \u202e x\x1b[2K\n"}]
    text = plan_html.of(PlanData.of([ended(diff=diff)]))
    assert "if \\u202e x\\x1b[2K" in text
    assert "\u202e" not in text


def test_lists_of_hosts_stand_once(ended: Callable[..., StepEnded]) -> None:
    names = [f"w{number}.example.net" for number in range(200)]
    steps = [ended(name, task) for task in map(str, range(20)) for name in names]
    text = plan_html.of(PlanData.of(steps))
    assert embedded(text)["sets"] == [names]
    assert text.count("w150.example.net") == 3


def test_a_plan_of_an_earlier_version_has_no_graph(ended: Callable[..., StepEnded]) -> None:
    ids = [given.get("id") for _, given in parsed(plan_html.of(PlanData.of([ended()]))).seen]
    assert "graph" not in ids
    assert "changes" in ids


def test_only_the_programs_of_the_page_may_run(ended: Callable[..., StepEnded]) -> None:
    text = plan_html.of(PlanData.of([ended()]))
    (policy,) = [
        str(given["content"])
        for tag, given in parsed(text).seen
        if tag == "meta" and given.get("http-equiv")
    ]
    assert "default-src 'none'" in policy
    assert policy.count("'sha256-") == 2
    assert "script-src 'unsafe" not in policy
