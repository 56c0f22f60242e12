"""The report of a rehearsal in files: JSON for programs, JUnit XML for CI servers.

JUnit XML has no standard; the elements and attributes here are those that Jenkins, GitLab and the
others agree on: a test suite with a test case a stage. They are few and only written, so the
standard library's ElementTree does for them, and users install nothing more.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from kplay import __version__
from kplay.diagnostics import Diagnostic
from kplay.errors import ExitCode, InputError, UsageError
from kplay.rehearsal.model import FAILED, NOT_RUN, SKIPPED
from kplay.rehearsal.text import failure, said

if TYPE_CHECKING:
    from kplay.rehearsal.model import Finding, Report, Stage

_TAIL = 200
"""Lines of a failed stage's output that go into JUnit XML."""
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write; terminal colours among them."""


def check(path: Path) -> None:
    """Refuse a file whose name does not say what it is to be.

    Raises:
        UsageError: it ends neither in .json nor in .xml.
    """
    if path.suffix not in _FORMS:
        raise UsageError(f"`{path}` is no report's name: .json is JSON, .xml is JUnit XML")


def write(report: Report, path: Path) -> None:
    """Write a report in the form that the file's name says; its folder is made.

    Raises:
        InputError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_FORMS[path.suffix](report), encoding="utf-8")
    except OSError as error:
        message = f"cannot write the report `{path}`: {error.strerror}"
        raise InputError(Diagnostic("unwritable-file", message, None)) from error


def as_json(report: Report) -> str:
    """The report as JSON; every finding has its file and line."""
    return json.dumps(plain(report), indent=2) + "\n"


def plain(report: Report) -> dict[str, Any]:
    """JSON-ready data."""
    exactness = None
    if report.exactness is not None:
        exactness = {
            **asdict(report.exactness),
            "exact": report.exactness.exact,
            "differences": [_finding(one) for one in report.exactness.differences],
        }
    return {
        "format": 1,
        "kplay": __version__,
        "lab": {
            "name": report.lab,
            "file": report.lab_file,
            "provider": report.provider,
            "hosts": report.hosts,
            "stands": report.stands,
        },
        "playbooks": report.playbooks,
        "started": _stamp(report),
        "seconds": round(report.seconds, 3),
        "exit_code": int(report.code),
        "passed": not report.failed,
        "plan": exactness,
        "stages": [
            {
                "name": one.name,
                "outcome": one.outcome,
                "seconds": round(one.seconds, 3),
                "exit_code": int(one.code),
                "summary": one.summary,
                "findings": [_finding(each) for each in one.findings],
                "output": one.output,
            }
            for one in report.stages
        ],
        "output": report.directory,
    }


def as_junit(report: Report) -> str:
    """The report as JUnit XML; what a host is to blame for is an error, the rest are failures."""
    unreached = [one for one in report.failed if _is_error(one)]
    suite = ET.Element(
        "testsuite",
        name=f"kplay lab test {Path(report.lab_file).stem}",
        timestamp=_stamp(report),
        time=f"{report.seconds:.3f}",
        tests=str(len(report.stages)),
        failures=str(len(report.failed) - len(unreached)),
        errors=str(len(unreached)),
        skipped=str(sum(one.outcome in (SKIPPED, NOT_RUN) for one in report.stages)),
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("provider", report.provider),
        ("lab", report.lab),
        ("lab file", report.lab_file),
        ("hosts", ", ".join(report.hosts)),
        ("playbooks", ", ".join(report.playbooks)),
        ("plan", said(report.exactness) if report.exactness is not None else ""),
    ):
        if value:
            ET.SubElement(properties, "property", name=name, value=_clean(value))
    for one in report.stages:
        _case(suite, one, report)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _case(suite: ET.Element, one: Stage, report: Report) -> None:
    name = " ".join(Path(playbook).name for playbook in report.playbooks)
    case = ET.SubElement(
        suite, "testcase", classname=_clean(name), name=one.name, time=f"{one.seconds:.3f}"
    )
    placed = next((each for each in one.findings if each.file), None)
    if one.outcome == FAILED:
        if placed is not None:
            case.set("file", _clean(placed.file))
            case.set("line", str(placed.line))
        kind = ExitCode(one.code).name.lower().replace("_", "-")
        tag = "error" if _is_error(one) else "failure"
        told = ET.SubElement(case, tag, message=_clean(one.summary), type=kind)
        told.text = _clean(failure(one))
        ET.SubElement(case, "system-out").text = _clean(_tail(Path(report.directory) / one.output))
    elif one.outcome in (SKIPPED, NOT_RUN):
        reason = one.summary or "a stage before it failed"
        ET.SubElement(case, "skipped", message=_clean(reason))
    elif one.summary:
        ET.SubElement(case, "system-out").text = _clean(one.summary)


def _is_error(one: Stage) -> bool:
    return one.code in (ExitCode.UNREACHABLE, ExitCode.LOCKED, ExitCode.INTERRUPTED)


def _tail(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-_TAIL:])


def _stamp(report: Report) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(report.started))


def _finding(one: Finding) -> dict[str, Any]:
    return {**one._asdict(), "hosts": list(one.hosts)}


def _clean(text: str) -> str:
    return _NO_XML.sub("", text)


_FORMS = {".json": as_json, ".xml": as_junit}
