"""``kplay graph``: what waits for what, and why. Touches no host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.cli import options
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

    from kplay.graph.model import Graph
    from kplay.graph.view import View

FORMS = ("text", "mermaid", "dot", "svg", "html")
HELP = "show the dependency graph"


def add(parser: ArgumentParser) -> None:
    """--format, --by, --focus, --why, --critical-path."""
    options.add_playbooks(parser)
    options.add_runs_directory(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--format", choices=FORMS, default="text")
    form.add_argument(
        "--why",
        nargs=2,
        metavar=("A", "B"),
        help="why task B waits for task A, edge by edge (names or keys)",
    )
    form.add_argument(
        "--critical-path",
        action="store_true",
        help="only the longest chain of tasks, by the newest run's times",
    )
    parser.add_argument(
        "--by", choices=("task", "role", "host"), default="task", help="what is one box (task)"
    )
    parser.add_argument(
        "--focus", metavar="STEP", help="only what is near a task, role or play, by name or key"
    )


def run(chosen: Namespace) -> ExitCode:
    """Print the graph, or what was asked of it."""
    from kplay import pipeline
    from kplay.execute.durations import measured
    from kplay.graph import export

    asked = options.run_options(chosen)
    graph = pipeline.prepare(asked).graph
    if chosen.why:
        print(export.why(graph, *chosen.why))
        return ExitCode.OK
    seconds = measured(asked.runs_directory, asked.playbooks)
    if chosen.critical_path:
        _critical_path(graph, seconds)
        return ExitCode.OK
    from kplay.graph.view import WAYS, focused

    view = WAYS[chosen.by](graph, seconds)
    view = focused(view, chosen.focus) if chosen.focus else view
    print(_in_form(chosen.format, view, " ".join(map(str, asked.playbooks))))
    return ExitCode.OK


def _in_form(form: str, view: View, title: str) -> str:
    from kplay.graph import export

    if form == "html":
        from kplay.report.graph_html import html

        return html(view, title)
    if form == "svg":
        from kplay.graph.svg import svg

        return svg(view)
    return {"text": export.text, "mermaid": export.mermaid, "dot": export.dot}[form](view)


def _critical_path(graph: Graph, seconds: Mapping[str, float]) -> None:
    from kplay.graph.critical import critical_path
    from kplay.graph.export import where

    path = critical_path(graph, seconds)
    for vertex in path:
        took = f"{seconds.get(vertex.key, 0.0):7.1f} s  " if seconds else ""
        print(f"{took}{vertex.key:<12} {vertex.name}  [{where(vertex)}]")
    if seconds:
        total = sum(seconds.get(vertex.key, 0.0) for vertex in path)
        print(f"{total:7.1f} s  in all, as the newest run took")
