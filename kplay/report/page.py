"""Self-contained HTML pages: style, program and data in one file, nothing from elsewhere."""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files
from typing import Any


def page(title: str, body: str, *, style: str = "", program: str = "", **data: Any) -> str:
    """A whole page.

    Args:
        title: of the window.
        body: HTML, escaped by its maker.
        style: name of a style sheet of ``kplay/report/pages`` beside ``page.css``.
        program: name of a program there, run once the page stands.
        data: what the program reads, each as JSON in an element of that id.
    """
    styles = [_resource(name) for name in ("page.css", style) if name]
    scripts = [
        f'<script type="application/json" id="{escape(name)}">{_embedded(value)}</script>'
        for name, value in data.items()
    ]
    if program:
        scripts.append(f"<script>\n{_resource(program)}</script>")
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            *(f"<style>\n{text}</style>" for text in styles),
            "</head><body>",
            body,
            *scripts,
            "</body></html>",
        ]
    )


def _resource(name: str) -> str:
    return (files("kplay.report") / "pages" / name).read_text(encoding="utf-8")


def _embedded(value: Any) -> str:
    """JSON that no end tag in a text can break out of."""
    return json.dumps(value, default=str).replace("<", "\\u003c")
