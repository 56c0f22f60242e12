from __future__ import annotations

from typing import Any

import pytest
import yaml

from kplay.modules import manifest_text

VALUES: list[Any] = [
    {"a": {"b": ["x", {"c": [1, 2], "d": "one\ntwo\n"}, [1, [2]]]}, "e": {}, "f": []},
    ["yes", "01", "a: b", "", None, True, "hello world", "x\ny", "x\n\n", " x\ny", "#no", "- a"],
    {"image": "registry.example.com/web:1", "time": "12:30:00", "null": "null", "y": "n"},
    {"text": "tab\there\n\tand here\n", "trailing": "a \nb", "unicode": "zwölf", "bell": "\a\n b"},
    {"k": "- not a list", "l": "a #b", "m": "1e3", "n": "0x1f", "o": "~", "p": "a:b", "q": "a:"},
    [[], {}, [{}], [[]], [{"a": [{"b": 1}]}]],
    "text",
    1.5,
]


@pytest.mark.parametrize("value", VALUES)
def test_yaml_reads_what_is_shown(value: Any) -> None:
    assert yaml.safe_load(manifest_text.dump(value)) == value


def test_lines_of_a_text_are_lines_of_the_text() -> None:
    shown = manifest_text.dump({"data": {"conf": "a = 1\nb = 2\n"}})
    assert shown == "data:\n  conf: |\n    a = 1\n    b = 2\n"


def test_data_of_a_secret_are_shown_as_what_tells_them_apart() -> None:
    def secret(value: str) -> str:
        one = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"password": value}}
        return manifest_text.text(one)

    assert secret("aHVudGVy") == secret("aHVudGVy") != secret("c3dvcmQ=")
    assert "aHVudGVy" not in secret("aHVudGVy")
    assert manifest_text.text(None) == ""


def test_secrets_are_hidden_by_their_place_and_by_their_name() -> None:
    values = {"db": {"user": "u", "word": "hunter2"}, "apiToken": "abcdef", "token": ""}
    marked = {"db": {"word": "hunter2"}}
    shown = manifest_text.veiled(values, marked)
    assert shown == {
        "db": {"user": "u", "word": "(secret)"}, "apiToken": "(secret)", "token": "",
    }  # fmt: skip
    older = {"db": {"word": "swordfish"}, "apiToken": "abcdef"}
    told = manifest_text.veiled(values, marked, older)
    assert told["db"]["word"] == "(secret, another one)"
    assert told["apiToken"] == "(secret)"
    words = manifest_text.secrets(values, marked)
    assert words == {"hunter2", "abcdef"}
    text = 'env: "hunter2"\nurl: http://u:hunter2@db\n'
    assert manifest_text.without(text, words) == 'env: "(secret)"\nurl: http://u:(secret)@db\n'


def test_a_secret_of_several_lines_is_hidden_however_it_is_indented() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END KEY-----"
    shown = manifest_text.dump({"env": [{"value": key}]})
    assert "MIIEvQIBADANBgkqhkiG" not in manifest_text.without(shown, {key})


def test_names_in_a_manifest_that_nothing_can_read_yet() -> None:
    text = (
        "# a comment\n---\nkind: ConfigMap\nmetadata:\n  labels:\n    name: no\n  name: one\n"
        "---\nkind: Secret\nmetadata: {name: two, namespace: far}\ndata: {x: aHVudGVy}\n"
        "---\n# nothing\n"
    )
    assert manifest_text.names(text) == ["ConfigMap/one", "Secret/far/two"]
