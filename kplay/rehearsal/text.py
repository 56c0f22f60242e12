"""The report of a rehearsal for a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.rehearsal.model import FAILED

if TYPE_CHECKING:
    from kplay.rehearsal.compare import Exactness
    from kplay.rehearsal.model import Finding, Report, Stage

MOST = 20
"""Findings shown of one stage; files of the report have them all."""
_COLORS = {"passed": 32, "failed": 31, "skipped": 36, "not run": 2}


def of(report: Report, *, color: bool = False) -> str:
    """A table of the stages, how exact the plan was, what failed, and where to read on."""
    lines = [f"lab test {report.lab}: {' '.join(report.playbooks)}", ""]
    width = max(len(one.name) for one in report.stages)
    for one in report.stages:
        outcome = f"{one.outcome:<8}"
        if color:
            outcome = f"\x1b[{_COLORS[one.outcome]}m{outcome}\x1b[0m"
        seconds = f"{one.seconds:7.1f} s" if one.output else " " * 9
        lines.append(f"  {one.name:<{width}}  {outcome} {seconds}  {one.summary}".rstrip())
    if report.exactness is not None:
        lines += ["", said(report.exactness), *_shown(report.exactness.differences)]
    for one in report.failed:
        if one.findings:
            lines += ["", f"{one.name}:", *_shown(one.findings)]
    lines += ["", *_end(report)]
    return "\n".join(lines)


def said(exactness: Exactness) -> str:
    """How exact the plan was, in one line."""
    one = exactness
    counts = f"{one.planned} planned, {one.made} made"
    if one.uncertain:
        counts += f", {one.settled} of them from {one.uncertain} that only the run could tell"
    if one.exact:
        return f"the plan was exact{'' if one.whole else ' as far as apply came'}: {counts}"
    number = len(one.differences)
    return f"the plan was not exact: {counts}, {number} {'differ' if number > 1 else 'differs'}"


def outcome(report: Report) -> str:
    """``passed``, or which stages failed and with which exit code."""
    if not report.failed:
        return "passed"
    return f"failed in {', '.join(one.name for one in report.failed)} (exit code {report.code})"


def _end(report: Report) -> list[str]:
    lines = [f"{outcome(report)} after {report.seconds:.0f} s; output in {report.directory}"]
    if report.stands:
        lab = report.lab
        verbs = f"`kplay plan --lab {lab} …`, `kplay lab ssh {lab} HOST`, `kplay lab down {lab}`"
        lines.append(f"the lab `{lab}` is up: {verbs}")
    return lines


def _shown(findings: list[Finding]) -> list[str]:
    lines = [f"  {one}" for one in findings[:MOST]]
    more = len(findings) - MOST
    return [*lines, f"  and {more} more"] if more > 0 else lines


def failure(one: Stage) -> str:
    """What failed in a stage: its summary, then every finding."""
    assert one.outcome == FAILED  # noqa: S101 - asked of failed stages alone
    return "\n".join([one.summary, *map(str, one.findings)])
