"""Self-contained HTML pages: style, program and data in one file, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def page(
    title: str, body: str, *, style: str = "", programs: Sequence[str] = (), **data: Any
) -> str:
    """A whole page; a browser fetches nothing for it and runs no program but these.

    Args:
        title: of the window.
        body: HTML, escaped by its maker.
        style: name of a style sheet of ``kplay/report/pages`` beside ``page.css``.
        programs: names of programs there, run in this order once the page stands.
        data: what the programs read, each as JSON in an element of that id.
    """
    styles = [_resource(name) for name in ("page.css", style) if name]
    scripts = [
        f'<script type="application/json" id="{escape(name)}">{_embedded(value)}</script>'
        for name, value in data.items()
    ]
    sources = [f"\n{_resource(name)}" for name in programs]
    scripts += [f"<script>{source}</script>" for source in sources]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(sources)}">',
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


def _policy(sources: Sequence[str]) -> str:
    """Only these programs, by digest, and the page's own style (https://www.w3.org/TR/CSP3/)."""
    digests = (base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in sources)
    programs = " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src {programs}; base-uri 'none'"


def _embedded(value: Any) -> str:
    """JSON that no end tag in a text can break out of."""
    return json.dumps(value, default=str).replace("<", "\\u003c")
