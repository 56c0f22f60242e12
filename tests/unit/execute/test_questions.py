"""What plays ask (vars_prompt): at a terminal, without one, in a plan, in a resumed run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay import asking
from kplay.cli.main import main
from kplay.cli.options import run_options
from kplay.cli.parser import parser
from kplay.errors import InputError
from kplay.execute.prepare import prepare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kplay.execute.prepare import Prepared

PLAY = """
- hosts: h
  gather_facts: false
  vars_prompt:
    - {{name: answer, {options}}}
  vars: {{number: 9}}
  tasks:
    - {{name: out, copy: {{content: "{{{{ answer }}}}", dest: "{{{{ playbook_dir }}}}/out"}}}}
    - {{name: stops, command: "cat {{{{ playbook_dir }}}}/allowed"}}
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inv").write_text("h ansible_connection=local\n")
    return tmp_path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Somebody at the terminal with answers; gives the questions that came."""

    def answering(*answers: str) -> list[str]:
        questions: list[str] = []
        left = list(answers)

        def of(kind: str) -> Callable[[str], str]:
            return lambda text: questions.append(f"{kind}: {text}") or left.pop(0)

        monkeypatch.setattr(asking, "at_terminal", lambda: True)
        monkeypatch.setattr(asking, "hidden", of("hidden"))
        monkeypatch.setattr(asking, "shown", of("shown"))
        return questions

    return answering


def prepared(site: Path, options: str, *more: str, ask: bool = True) -> Prepared:
    (site / "play.yml").write_text(PLAY.format(options=options))
    chosen = parser().parse_args(["run", "-i", "inv", *more, "play.yml"])
    return prepare(run_options(chosen), ask=ask)


def value(found: Prepared) -> object:
    return found.store.scope(found.playbook.plays[0], "h").template("{{ answer }}")


@pytest.mark.parametrize(
    ("options", "answers", "question", "expected"),
    [
        ("private: no", ["said"], "shown: answer: ", "said"),
        ("prompt: 'who? '", ["said"], "hidden: who? ", "said"),
        ("prompt: 'who {{ number }}', private: no", ["x"], "shown: who 9", "x"),
        ("prompt: who, default: bob, private: no", [""], "shown: who [bob]: ", "bob"),
        ("default: 5, private: no", ["6"], "shown: answer [5]: ", "6"),
        ("private: no", [""], "shown: answer: ", ""),
        ("private: no", ["{{ number }}"], "shown: answer: ", 9),
        ("private: no, unsafe: yes", ["{{ number }}"], "shown: answer: ", "{{ number }}"),
    ],
)
def test_questions_and_answers(  # noqa: PLR0917 - the columns of the table
    site: Path,
    asked: Callable[..., list[str]],
    options: str,
    answers: list[str],
    question: str,
    expected: object,
) -> None:
    questions = asked(*answers)
    assert value(prepared(site, options)) == expected
    assert questions == [question]


def test_an_answer_is_confirmed(
    site: Path, asked: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    questions = asked("a", "b", "c", "c")
    assert value(prepared(site, "confirm: true")) == "c"
    assert questions == ["hidden: answer: ", "hidden: confirm answer: "] * 2
    assert "not the same" in capsys.readouterr().err


def test_an_answer_is_encrypted(site: Path, asked: Callable[..., list[str]]) -> None:
    asked("abc")
    found = prepared(site, "encrypt: sha256_crypt, salt: abcdefgh")
    assert value(found) == "$5$rounds=535000$abcdefgh$EfFsqIy.DHZlUkvTFONz2krXgATNHdQsAebPm0l89R."
    assert "abc" in found.vault.revealed
    asked("abc")
    with pytest.raises(InputError, match="`answer` cannot be encrypted"):
        prepared(site, "encrypt: sha256_crypt, salt: '!!!!!!!!'")


def test_the_command_line_answers(site: Path, asked: Callable[..., list[str]]) -> None:
    questions = asked()
    assert value(prepared(site, "private: no", "-e", "answer=given")) == "given"
    assert questions == []


def test_without_a_terminal_the_default_or_a_refusal(site: Path) -> None:
    assert value(prepared(site, "default: bob")) == "bob"
    with pytest.raises(InputError) as caught:
        prepared(site, "private: no")
    (found,) = caught.value.diagnostics
    assert found.code == "no-answer"
    assert str(found.span) == "play.yml:5:14"
    assert found.help == ("give it with `-e answer=VALUE`",)


def test_what_only_looks_asks_nothing(
    site: Path, asked: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    questions = asked()
    assert value(prepared(site, "default: bob", ask=False)) == "bob"
    assert repr(value(prepared(site, "private: no", ask=False))).startswith("Unknown(")
    assert main(["graph", "-i", "inv", "play.yml"]) == 0
    assert main(["explain", "answer", "h", "-i", "inv", "play.yml"]) == 0
    assert "the answer to the prompt `answer`" in capsys.readouterr().out
    assert questions == []


def test_private_answers_are_secrets_and_defaults_are_not(
    site: Path, asked: Callable[..., list[str]]
) -> None:
    asked("hush-hush")
    assert prepared(site, "default: plain").vault.revealed == {"hush-hush"}
    asked("")
    assert prepared(site, "default: plain").vault.revealed == set()
    asked("told")
    assert prepared(site, "private: no").vault.revealed == set()


def test_an_apply_asks_once_and_a_resumed_run_not_again(
    site: Path, asked: Callable[..., list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    questions = asked("hush-hush")
    (site / "play.yml").write_text(PLAY.format(options="private: yes"))
    assert main(["apply", "-D", "--yes", "-i", "inv", "play.yml"]) == 2
    assert questions == ["hidden: answer: "]
    assert (site / "out").read_text() == "hush-hush"
    (site / "out").unlink()
    (site / "allowed").touch()
    asked()
    assert main(["resume", "-vv"]) == 0
    assert (site / "out").read_text() == "hush-hush"
    (run,) = (site / ".kplay/runs").iterdir()
    assert (run / "answers").stat().st_mode & 0o777 == 0o600
    for path in run.iterdir():
        assert "hush-hush" not in path.read_text(), path.name
    assert "hush-hush" not in "".join(capfd.readouterr())
