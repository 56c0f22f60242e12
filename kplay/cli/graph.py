"""``kplay graph``: what waits for what, and why. Touches no host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.cli import options
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "show the dependency graph"


def add(parser: ArgumentParser) -> None:
    """--format, --why, --critical-path."""
    options.add_playbooks(parser)
    options.add_runs_directory(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--format", choices=["text", "mermaid", "dot"], default="text")
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


def run(chosen: Namespace) -> ExitCode:
    """Print the graph, or what was asked of it."""
    from kplay import pipeline
    from kplay.graph import export

    asked = options.run_options(chosen)
    graph = pipeline.prepare(asked).graph
    if chosen.why:
        print(export.why(graph, *chosen.why))
    elif chosen.critical_path:
        from kplay.execute.durations import measured

        seconds = measured(asked.runs_directory, asked.playbooks)
        path = export.critical_path(graph, seconds)
        for vertex in path:
            took = f"{seconds.get(vertex.key, 0.0):7.1f} s  " if seconds else ""
            print(f"{took}{vertex.key:<12} {vertex.name}  [{export.where(vertex)}]")
        if seconds:
            total = sum(seconds.get(vertex.key, 0.0) for vertex in path)
            print(f"{total:7.1f} s  in all, as the newest run took")
    else:
        form = {"text": export.text, "mermaid": export.mermaid, "dot": export.dot}[chosen.format]
        print(form(graph))
    return ExitCode.OK
