"""Free-form arguments."""

import pytest

from kplay.playbook.freeform import command, merged, pairs, unquoted, words
from kplay.source import Sourced
from kplay.yaml_reader import load_text


def text(value: str) -> Sourced:
    return load_text(f"a: {value}\n", "a.yml").root.child("a")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a b", ["a", "b"]),
        ("a='b c' d", ["a='b c'", "d"]),
        ("a={{ b | c('d') }} e", ["a={{ b | c('d') }}", "e"]),
        ("{% if a %}b c{% endif %} d", ["{% if a %}b", "c{% endif %}", "d"]),
        (r'"a \" b" c', [r'"a \" b"', "c"]),
        ("  a\n b ", ["a", "b"]),
        ("", []),
    ],
)
def test_words(written: str, expected: list[str]) -> None:
    assert [word.text for word in words(written)] == expected


def test_quotes_around_all_are_taken_off() -> None:
    assert unquoted("'a b'") == "a b"
    assert unquoted(r'"a\"b"') == 'a"b'
    assert unquoted("a'b'") == "a'b'"


def test_pairs_with_their_places() -> None:
    given, loose = pairs(text("src=a dest='b c' mode=0644"))
    assert given.value == {"src": "a", "dest": "b c", "mode": "0644"}
    assert not loose
    assert given.child("dest").span[1:] == (1, 10, 1, 20)


def test_places_within_quotes() -> None:
    given, _ = pairs(text('"src=a dest=b"'))
    assert given.child("dest").span[1:] == (1, 11, 1, 17)


def test_words_that_are_no_pair() -> None:
    given, loose = pairs(text("tasks.yml a=1"))
    assert given.value == {"a": "1"}
    assert [word.text for word in loose] == ["tasks.yml"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("echo hello", {"_raw": "echo hello"}),
        ("echo a=b", {"_raw": "echo a=b"}),
        ("touch /x creates=/x", {"_raw": "touch /x", "creates": "/x"}),
        ("chdir=/tmp ls  -l", {"chdir": "/tmp", "_raw": "ls  -l"}),
        ("a creates='/no x' b", {"_raw": "a b", "creates": "/no x"}),
    ],
)
def test_commands(written: str, expected: dict[str, str]) -> None:
    assert command(text(written)).value == expected


def test_merging_keeps_the_places_of_both() -> None:
    root = load_text("one: {a: 1, b: {c: 2}}\ntwo: {a: 3, d: [4]}\n", "a.yml").root
    both = merged(root.child("one"), root.child("two"))
    assert both.value == {"a": 1, "b": {"c": 2}, "d": [4]}
    assert both.child("b").child("c").span[1:3] == (1, 20)
    assert both.child("d").child(0).span[1:3] == (2, 17)
    assert both.child("d").key_span[1:3] == (2, 13)
