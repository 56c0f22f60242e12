"""A plan as Markdown, read by a Markdown parser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from kplay.plan.model import PlanData
from kplay.report import plan_markdown
from kplay.walk.events import HostLost, StepEnded

if TYPE_CHECKING:
    from collections.abc import Callable

NASTY = "x </code></summary></details><img src=x onerror=alert(1)> | `b` *c* [d](e) @team\n\n# h"


def rendered(text: str) -> str:
    return str(MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(text))


def test_the_whole_of_it(ended: Callable[..., StepEnded]) -> None:
    diff = [{"path": "/etc/a", "before": "", "after": "one\n"}]
    steps = [
        ended("w1", "Write a", action="create", diff=diff),
        ended("w2", "Write a", action="create", diff=diff),
        ended("w2", "Look", action="unknown", conditional=True, causes=["`out` of Join on w1"]),
        ended("w1", "Stay", status="ok", action="none"),
        ended("w1", "Probe", status="ok", action="run"),
    ]
    lost = [HostLost(0.0, "w3", "unreachable", "no route to host", 7)]
    text = plan_markdown.of(PlanData.of(steps, lost), note="planned by a")
    where = steps[0].place.file.replace("_", "&#95;")
    assert text.replace(where, "site.yml") == (
        "## plan: 2 to create, 1 unknown on 2 hosts; incomplete, for lack of w3\n"
        "\n"
        "planned by a\n"
        "\n"
        "- **not whole:** <code>w3</code> unreachable, <code>no route to host</code>\n"
        "\n"
        "| host | create | unknown |\n"
        "|---|--:|--:|\n"
        "| <code>w1</code> | 1 |  |\n"
        "| <code>w2</code> | 1 | 1 |\n"
        "| <code>w3</code> |  |  |\n"
        "\n"
        "| role | create | unknown |\n"
        "|---|--:|--:|\n"
        "| own tasks of <code>Prepare</code> | 2 | 1 |\n"
        "\n"
        "**Unknown until it is run:**\n"
        "\n"
        "- <code>Look</code>, because <code>&#96;out&#96; of Join on w1</code>\n"
        "\n"
        "### <code>Prepare</code>\n"
        "\n"
        "<details><summary><code>+</code> <code>Write a</code> on <code>w1, w2</code></summary>\n"
        "\n"
        "<code>site.yml:3</code>\n"
        "\n"
        "```diff\n"
        "--- /etc/a\n"
        "+++ /etc/a\n"
        "@@ -0,0 +1 @@\n"
        "+one\n"
        "```\n"
        "\n"
        "</details>\n"
        "\n"
        "<details><summary><code>&#63;</code> <code>Look</code> (may run) on <code>w2</code>"
        "</summary>\n"
        "\n"
        "<code>site.yml:3</code>\n"
        "\n"
        "- because <code>&#96;out&#96; of Join on w1</code>\n"
        "\n"
        "</details>\n"
        "\n"
        "- <code>&#33;</code> <code>Probe</code> was run on <code>w1</code> "
        "(<code>site.yml:3</code>)\n"
        "\n"
        "2 steps with nothing to change."
    )


def test_nothing_that_a_user_wrote_is_markup(ended: Callable[..., StepEnded]) -> None:
    content = "```\n````\n</details><script>alert(1)</script>\n~~~\n"
    steps = [
        ended(
            NASTY, NASTY, action="unknown", causes=[NASTY], item=NASTY,
            diff=[{"path": NASTY.partition("\n")[0], "before": "", "after": content}],
        )
    ]  # fmt: skip
    lost = [HostLost(0.0, NASTY, "failed", NASTY, 1)]
    html = rendered(plan_markdown.of(PlanData.of(steps, lost), note=NASTY, every_host=True))
    assert not re.search(r"<(img|script|em|a)\b", html)
    assert html.count("<details") == html.count("</details") == 1
    assert html.count("<h") == 2
    (fenced,) = re.findall(r"<pre>.*?</pre>", html, re.DOTALL)
    assert "&lt;/details&gt;&lt;script&gt;" in fenced
    assert "~~~" in fenced
    bare = re.sub(r"<(code|pre)\b.*?</\1>", "", html[html.index("<table") :], flags=re.DOTALL)
    assert "@team" not in bare


def test_long_diffs_and_lists_are_cut(ended: Callable[..., StepEnded]) -> None:
    after = "".join(f"line {number}\n" for number in range(100))
    diff = [{"path": "/etc/a", "before": "", "after": after}]
    plan = PlanData.of([ended(f"w{number}", diff=diff) for number in range(9)])
    short = plan_markdown.of(plan)
    assert "line 99" not in short
    assert "more lines (--diff shows them)" in short
    assert "w0, w1 and 7 more" in short
    whole = plan_markdown.of(plan, full_diff=True, every_host=True)
    assert "line 99" in whole
    assert "w0, w1, w2, w3, w4, w5, w6, w7, w8" in whole


@pytest.mark.parametrize(("tasks", "lines"), [(10, 60), (100, 20), (150, 8), (900, 8)])
def test_diffs_are_cut_so_that_all_of_it_is_one_comment(
    ended: Callable[..., StepEnded], tasks: int, lines: int
) -> None:
    after = "".join(f"number {number}\n" for number in range(80))
    diff = [{"path": "/etc/a", "before": "", "after": after}]
    text = plan_markdown.of(
        PlanData.of([ended("w1", f"Task {task}", diff=diff) for task in range(tasks)])
    )
    (shown,) = {
        len(fence.splitlines()) - 1 for fence in re.findall(r"```diff\n(.*?)```", text, re.DOTALL)
    }
    assert shown == lines
    assert len(text) < 65536 or tasks == 900


def test_nothing_to_do(ended: Callable[..., StepEnded]) -> None:
    text = plan_markdown.of(PlanData.of([ended(status="ok", action="none")]))
    assert text == ("## no changes: nothing to do on 1 host\n\n1 step with nothing to change.")
