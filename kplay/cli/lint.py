"""``kplay lint``: what is wrong with playbooks, without a packet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kplay.cli import ansible_options, options
from kplay.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.lint.check import Report

HELP = "find faults in playbooks, without connecting to any host"


def add(parser: ArgumentParser) -> None:
    """PLAYBOOK …, --format, --strict, --rules."""
    options.add_playbooks(parser, "*")
    ansible_options.add_module_path(parser)
    parser.add_argument("--format", choices=["text", "json", "sarif"], default="text")
    parser.add_argument(
        "--strict",
        action="store_true",
        help="look for matters of form too; warnings end with exit code 1",
    )
    parser.add_argument("--rules", action="store_true", help="list the rules and end")


def run(chosen: Namespace) -> ExitCode:
    """Print what was found; 1 where something is certain."""
    if chosen.rules:
        from kplay.lint.rules import page

        print(page())
        return ExitCode.OK
    if not chosen.playbooks:
        raise UsageError("no playbook: name the ones to lint")
    from kplay import pipeline

    report = pipeline.lint(options.run_options(chosen), strict=chosen.strict)
    print(_shown(report, chosen.format))
    failed = report.errors or (chosen.strict and report.found)
    return ExitCode.BAD_INPUT if failed else ExitCode.OK


def _shown(report: Report, form: str) -> str:
    from kplay.diagnostics import render, to_json

    if form == "json":
        found = [to_json(one) for one in report.found]
        counts = {"errors": report.errors, "warnings": report.warnings, "files": report.files}
        return json.dumps({"diagnostics": found, **counts}, indent=2)
    if form == "sarif":
        from kplay import __version__
        from kplay.lint.rules import RULES
        from kplay.report import sarif

        about = {rule.code: rule.about for rule in RULES}
        return json.dumps(sarif.log(report.found, about, __version__), indent=2)
    return "\n\n".join([*map(render, report.found), _count(report)])


def _count(report: Report) -> str:
    files = f"{report.files} file" + ("" if report.files == 1 else "s")
    if not report.found:
        return f"lint: nothing found in {files}"
    parts = [
        f"{count} {word}" + ("" if count == 1 else "s")
        for count, word in ((report.errors, "error"), (report.warnings, "warning"))
        if count
    ]
    return f"lint: {', '.join(parts)} in {files}"
