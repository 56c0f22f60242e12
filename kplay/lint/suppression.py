"""``# noqa: code``: a finding that its author knows of and keeps."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.lint.rules import BY_CODE

if TYPE_CHECKING:
    from kplay.diagnostics import Diagnostic

_MARK = re.compile(r"#\s*noqa:\s*([\w-]+(?:\s*,\s*[\w-]+)*)", re.IGNORECASE)
_IN_TEMPLATE = re.compile(r"\{#\s*noqa:\s*([\w-]+(?:\s*,\s*[\w-]+)*)", re.IGNORECASE)


def kept(diagnostic: Diagnostic) -> bool:
    """Whether a finding stands: no comment on its line, or on one of its own above, names it.

    What loading refuses cannot be kept back: a run refuses it too.
    """
    span = diagnostic.span
    if span is None or diagnostic.code not in BY_CODE:
        return True
    lines = _lines(span.file)
    for number in (span.line, span.line - 1):
        if not 0 < number <= len(lines):
            continue
        text = lines[number - 1]
        alone = text.lstrip().startswith(("#", "{#"))
        for found in (*_MARK.finditer(text), *_IN_TEMPLATE.finditer(text)):
            codes = {code.strip() for code in found[1].split(",")}
            if diagnostic.code in codes and (number == span.line or alone):
                return False
    return True


@lru_cache(maxsize=512)
def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def forget() -> None:
    """Read files anew: they may have changed."""
    _lines.cache_clear()
