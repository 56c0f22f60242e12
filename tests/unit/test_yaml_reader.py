"""YAML read with the place of every value."""

from pathlib import Path

import pytest
import yaml

from kplay.errors import InputError
from kplay.source import Document, UnsafeText, VaultText, made_up
from kplay.yaml_reader import load_file, load_text, plain, plain_documents


def fault(text: str) -> str:
    with pytest.raises(InputError) as caught:
        load_text(text, "a.yml")
    return " ".join(one.code for one in caught.value.diagnostics)


def place(document: Document, *path: str | int) -> tuple[int, int, int, int]:
    value = document.root
    for key in path:
        value = value.child(key)
    return value.span[1:]


def test_every_value_and_key_has_its_place() -> None:
    document = load_text("a:\n  - one\n  - b: 'two'\n", "a.yml")
    assert place(document, "a", 0) == (2, 5, 2, 8)
    assert place(document, "a", 1, "b") == (3, 8, 3, 13)
    assert document.root.child("a").child(1).child("b").key_span[1:3] == (3, 5)
    assert str(document.root.child("a").child(0).span) == "a.yml:2:5"


def test_scalars_follow_yaml_1_1() -> None:
    data = load_text("a: yes\nb: 0644\nc: 1.5\nd: ~\ne: 'yes'\nf: 2024-01-02\n", "a").data
    assert data["a"] is True
    assert data["b"] == 0o644
    assert data["c"] == 1.5
    assert data["d"] is None
    assert data["e"] == "yes"
    assert data["f"].year == 2024


def test_tags_of_ansible() -> None:
    data = load_text("a: !unsafe '{{ x }}'\nb: !vault |\n  $ANSIBLE_VAULT;1.1\n", "a").data
    assert isinstance(data["a"], UnsafeText)
    assert isinstance(data["b"], VaultText)


def test_merged_keys_are_weaker_than_written_ones_and_keep_their_place() -> None:
    document = load_text("x: &x {a: 1, b: 2}\ny:\n  b: 3\n  <<: *x\n", "a.yml")
    assert document.data["y"] == {"a": 1, "b": 3}
    assert place(document, "y", "b")[:2] == (3, 6)
    assert place(document, "y", "a")[:2] == (1, 11)


def test_several_merged_mappings_the_first_wins() -> None:
    document = load_text("x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz: {<<: [*x, *y]}\n", "a.yml")
    assert document.data["z"] == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: 1\na: 2\n", "duplicate-key"),
        ("a:\n\t- b\n", "tab-in-yaml"),
        ("a: [1\n", "yaml-syntax"),
        ("a: !what x\n", "unknown-tag"),
        ("a: {{ b }}\n", "unquoted-template"),
        ("a: {{ b }}/c\n", "unquoted-template"),
        ("[a, b]: c\n", "yaml-key"),
        ("a: &a [*a]\n", "yaml-alias"),
        ("a: {<<: text}\n", "yaml-value"),
        ("a: 2024-13-45\n", "yaml-value"),
        ("--- 1\n--- 2\n", "yaml-syntax"),
        ("$ANSIBLE_VAULT;1.1;AES256\n6162\n", "vaulted-file"),
        ("a: \x00\n", "yaml-syntax"),
    ],
)
def test_what_is_refused(text: str, code: str) -> None:
    assert fault(text) == code


def test_all_faults_of_a_file_are_told_at_once() -> None:
    assert fault("a: !x 1\nb: 1\nb: 2\n") == "unknown-tag duplicate-key"


def test_aliases_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kplay.yaml_reader._MOST_VALUES", 1000)
    lines = ["a0: &a0 [1, 2]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 12)]
    assert fault("\n".join(lines)) == "yaml-size"


def test_deep_nesting_is_a_fault_and_no_traceback() -> None:
    assert fault("[" * 5000 + "]" * 5000) == "yaml-size"


def test_an_empty_document_is_none() -> None:
    assert load_text("", "a").data is None
    assert load_text("# only a comment\n", "a").data is None


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        load_file(tmp_path / "missing.yml")
    (tmp_path / "latin.yml").write_bytes(b"a: \xe9\n")
    with pytest.raises(InputError, match="UTF-8"):
        load_file(tmp_path / "latin.yml")


def test_values_made_up_have_the_place_of_nothing() -> None:
    value = made_up({"a": [1]})
    assert value.get("a").child(0).value == 1
    assert value.get("b") is None
    assert value.span.line == 1


def test_walking_over_children() -> None:
    root = load_text("a: 1\nb: [2, 3]\n", "a").root
    assert [key for key, _ in root.items()] == ["a", "b"]
    assert [one.value for one in root.child("b").elements()] == [2, 3]


def test_plain_data_of_bytes_texts_and_texts_that_know_their_source() -> None:
    assert plain(b"{a: 1, b: yes}") == plain(UnsafeText("{a: 1, b: yes}")) == {"a": 1, "b": True}
    assert plain("") is None
    assert plain_documents("a: 1\n---\n---\n[2]\n") == [{"a": 1}, None, [2]]


@pytest.mark.parametrize(
    "text", ["a: [", "a: !unsafe b", "a: 1\n---\nb: 2\n", "!!python/name:os.x"]
)
def test_what_is_not_one_plain_document_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        plain(text)
