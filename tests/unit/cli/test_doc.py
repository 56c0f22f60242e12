from __future__ import annotations

import json

import pytest

from kplay.cli import doc
from kplay.cli.main import main
from kplay.errors import ExitCode
from kplay.resolve import reference


def test_the_topics_are_those_of_the_tables():
    assert set(doc.TOPICS) == set(reference.TOPICS)


@pytest.mark.parametrize("topic", doc.TOPICS)
def test_text_and_json_name_the_same(topic: str, capsys: pytest.CaptureFixture[str]):
    assert main(["doc", topic]) == ExitCode.OK
    lines = capsys.readouterr().out.splitlines()
    assert main(["doc", topic, "--format", "json"]) == ExitCode.OK
    names = [one["name"] for one in json.loads(capsys.readouterr().out)]
    assert len(lines) == len(names)
    assert all(line.startswith(name) for line, name in zip(lines, names, strict=True))


def test_a_refused_keyword_is_shown_with_its_reason(capsys: pytest.CaptureFixture[str]):
    assert main(["doc", "keywords", "debugger", "--format", "json"]) == ExitCode.OK
    (one,) = json.loads(capsys.readouterr().out)
    assert one["refused"] == "kplay has no interactive debugger"
    assert main(["doc", "keywords", "debugger"]) == ExitCode.OK
    assert "refused: kplay has no interactive debugger" in capsys.readouterr().out


def test_names_are_found_by_their_aliases(capsys: pytest.CaptureFixture[str]):
    assert main(["doc", "filters", "d"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("default  aliases d")


def test_a_name_that_is_not_there(capsys: pytest.CaptureFixture[str]):
    assert main(["doc", "filters", "combin"]) == ExitCode.USAGE
    assert "did you mean `combine`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("doc copy", "no topic named `copy`\n = help: it is a module: `kplay modules copy`\n"),
        ("doc ansible.builtin.copy", "it is a module: `kplay modules ansible.builtin.copy`"),
        ("doc synchronize", "it is a module: `kplay modules synchronize`"),
        ("doc filters copy", "no `copy` among the filters\n = help: it is a module:"),
        ("doc combine", "it is among the filters: `kplay doc filters combine`"),
        ("doc d", "it is among the filters: `kplay doc filters d`"),
        ("doc filters file", "it is among the tests: `kplay doc tests file`\n = help: it is among"),
        ("doc filterz", "did you mean `filters`?"),
        ("doc nothing", "the topics are keywords, filters, tests,"),
        ("modules combine", "no module named `combine`\n = help: it is among the filters:"),
        ("modules become", "it is among the keywords: `kplay doc keywords become`"),
        ("modules filters", "`kplay doc filters` lists them"),
    ],
)
def test_a_name_that_stands_elsewhere(words: str, said: str, capsys: pytest.CaptureFixture[str]):
    assert main(words.split()) == ExitCode.USAGE
    assert said in capsys.readouterr().err
