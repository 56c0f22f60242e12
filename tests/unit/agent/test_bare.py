from __future__ import annotations

import ast
from pathlib import Path

from kplay.agent import bootstrap


def test_a_key_below_a_comment_is_no_docstring() -> None:
    text = 'ARGS = {\n    # ours\n    "deb": 1,\n}\n'
    assert ast.literal_eval(bootstrap._bare(text).partition("= ")[2]) == {"deb": 1}


def test_every_packed_source_means_what_was_written() -> None:
    packed = {name: bare for name, bare in bootstrap._sources().items() if bare.strip()}
    assert "kplay.modules.apt" in packed
    for name, bare in packed.items():
        module = __import__(name, fromlist=["__file__"])
        written = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
        assert _without_prose(ast.parse(bare)) == _without_prose(written), name


def _without_prose(tree):
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [
                one
                for one in body
                if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
            ] or [ast.Pass()]
    return ast.dump(tree)
