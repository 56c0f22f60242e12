"""Messages that point into the user's files."""

import pytest

from kplay.diagnostics import Diagnostic, Faults, render, suggest, to_json
from kplay.errors import CommandError, ExitCode, InputError
from kplay.source import Span

TEXTS = {"a.yml": "- hosts: all\n  tasks:\n    - aptt:\n\t\tx: 1\n"}


def test_the_form_of_rustc() -> None:
    shown = render(
        Diagnostic(
            "unknown-module",
            "no module named `aptt`",
            Span("a.yml", 3, 7, 3, 11),
            help=("did you mean `apt`?",),
            notes=("a note",),
        ),
        TEXTS,
    )
    assert shown == (
        "error[unknown-module]: no module named `aptt`\n"
        " --> a.yml:3:7\n"
        "  |\n"
        "3 |     - aptt:\n"
        "  |       ^^^^\n"
        "  |\n"
        "  = note: a note\n"
        "  = help: did you mean `apt`?"
    )


def test_without_a_place() -> None:
    assert render(Diagnostic("code", "message", None)) == "error[code]: message"


def test_a_secret_line_is_never_shown() -> None:
    shown = render(Diagnostic("c", "m", Span("a.yml", 1, 1, 1, 3), secret=True), TEXTS)
    assert shown == "error[c]: m\n --> a.yml:1:1"


def test_a_file_that_is_gone() -> None:
    assert render(Diagnostic("c", "m", Span("/nowhere", 1, 1, 1, 3))).count("\n") == 1


def test_carets_of_a_value_of_several_lines_end_with_the_first() -> None:
    shown = render(Diagnostic("c", "m", Span("a.yml", 1, 3, 4, 2)), TEXTS)
    assert shown.endswith("  |   ^^^^^^^^^^")


def test_tabs_before_the_fault_are_kept() -> None:
    shown = render(Diagnostic("c", "m", Span("a.yml", 4, 3, 4, 4)), TEXTS)
    assert shown.endswith("  | \t\t^")


def test_a_place_behind_the_end_of_a_line_still_has_a_caret() -> None:
    shown = render(Diagnostic("c", "m", Span("a.yml", 1, 13, 1, 14)), TEXTS)
    assert shown.splitlines()[-1].count("^") == 1


@pytest.mark.parametrize("column", [1, 300, 996])
def test_of_a_very_long_line_the_part_around_the_fault_is_shown(column: int) -> None:
    text = "x" * (column - 1) + "FAULT" + "x" * (1000 - column - 4)
    shown = render(Diagnostic("c", "m", Span("b", 1, column, 1, column + 5)), {"b": text})
    line, carets = shown.splitlines()[-2:]
    assert len(line) < 170
    assert line[carets.index("^") : carets.rindex("^") + 1] == "FAULT"


def test_json_has_the_place_as_a_mapping() -> None:
    data = to_json(Diagnostic("c", "m", Span("a.yml", 1, 2, 3, 4)))
    assert data["span"] == {
        "file": "a.yml",
        "line": 1,
        "column": 2,
        "end_line": 3,
        "end_column": 4,
    }
    assert to_json(Diagnostic("c", "m", None))["span"] is None


@pytest.mark.parametrize(
    ("word", "help_line"),
    [("aptt", ("did you mean `apt`?",)), ("zzz", ()), ("", ())],
)
def test_suggestions(word: str, help_line: tuple[str, ...]) -> None:
    assert suggest(word, ["apt", "copy", "file"]) == help_line


def test_faults_are_kept_once_and_raised_together() -> None:
    faults = Faults()
    faults.settle()
    faults.add("a", "one", None, help=["h"])
    faults.add("a", "one", None, help=["h"])
    faults.absorb(InputError(Diagnostic("b", "two", None)))
    assert len(faults) == 2
    with pytest.raises(InputError, match="one; two") as caught:
        faults.settle()
    assert caught.value.exit_code == ExitCode.BAD_INPUT == 1


def test_a_failed_command_shows_the_end_of_what_it_said() -> None:
    error = CommandError(["tool", "-x"], 3, "\n".join(f"line {n}" for n in range(30)))
    assert str(error).startswith("`tool -x` ended with status 3\nline 10\n")
