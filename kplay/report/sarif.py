"""Diagnostics as SARIF 2.1.0, which code scanners and editors read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kplay.diagnostics import Diagnostic

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def log(found: Sequence[Diagnostic], about: Mapping[str, str], version: str) -> dict[str, Any]:
    """A log of one run.

    Args:
        found: what to report.
        about: code to what it is for, of codes that have a description.
        version: kplay's.
    """
    codes = sorted({one.code for one in found})
    driver = {
        "name": "kplay",
        "version": version,
        "rules": [
            {"id": code, "shortDescription": {"text": about.get(code, code.replace("-", " "))}}
            for code in codes
        ],
    }
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(one, codes) for one in found],
            }
        ],
    }


def _result(one: Diagnostic, codes: list[str]) -> dict[str, Any]:
    said = [one.message, *one.notes, *(f"help: {line}" for line in one.help)]
    result: dict[str, Any] = {
        "ruleId": one.code,
        "ruleIndex": codes.index(one.code),
        "level": "error" if one.severity == "error" else "warning",
        "message": {"text": "\n".join(said)},
    }
    if one.span is not None:
        span = one.span
        region = {"startLine": span.line, "startColumn": span.column, "endLine": span.end_line}
        if span.end_line > span.line or span.end_column > span.column:
            region["endColumn"] = span.end_column
        location = {"artifactLocation": {"uri": _uri(span.file)}, "region": region}
        result["locations"] = [{"physicalLocation": location}]
    return result


def _uri(file: str) -> str:
    return ("file://" if file.startswith("/") else "") + quote(file)
