from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kplay.vault.envelope import DamagedVaultError, is_sealed, parse, seal, unseal


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=100), st.binary(min_size=1, max_size=20))
def test_what_is_sealed_comes_out_again(data: bytes, password: bytes) -> None:
    assert unseal(parse(seal(data, password)), password) == data


def test_the_form() -> None:
    text = seal(b"x" * 100, b"pw", "dev")
    lines = text.splitlines()
    assert lines[0] == "$ANSIBLE_VAULT;1.2;AES256;dev"
    assert {len(line) for line in lines[1:-1]} == {80}
    assert parse(text).label == "dev"
    assert seal(b"", b"pw", "default").splitlines()[0] == "$ANSIBLE_VAULT;1.1;AES256"
    assert parse(seal(b"", b"pw")).label == "default"


def test_a_text_of_ansible_vault() -> None:
    text = """$ANSIBLE_VAULT;1.1;AES256
          33363133623635336638616238623335323762303865666138303438363431396562373830363732
          3765376532646466303261303761316363373461303037370a343637663565653364306234616636
          33653764323062386364613134663564376664353063626233316335666636383066303431383537
          6162366239663566340a303338376138633530613833333063393763633035663738353439636266
          6664
    """
    assert unseal(parse(text), b"pw1") == b"hello"


def test_another_password_or_an_altered_text_gives_nothing() -> None:
    envelope = parse(seal(b"secret", b"pw"))
    assert unseal(envelope, b"other") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a vault begins with"),
        ("$ANSIBLE_VAULT;1.1", "a vault begins with"),
        ("plain", "a vault begins with"),
        ("$ANSIBLE_VAULT;1.0;AES256\n61", "format is `1.0`"),
        ("$ANSIBLE_VAULT;1.1;AES\n61", "cipher is `AES`"),
        ("$ANSIBLE_VAULT;1.1;AES256\n616", "not whole"),
        ("$ANSIBLE_VAULT;1.1;AES256\nzz", "not whole"),
        ("$ANSIBLE_VAULT;1.1;AES256\n6161", "not whole"),
        ("$ANSIBLE_VAULT;1.1;AES256", "not whole"),
        ("$ANSIBLE_VAULT;1.1;AES256\né", "not whole"),
    ],
)
def test_what_is_damaged(text: str, words: str) -> None:
    with pytest.raises(DamagedVaultError, match=words):
        parse(text)


def test_what_is_taken_for_a_vault() -> None:
    assert is_sealed("$ANSIBLE_VAULT;1.1;AES256\n")
    assert is_sealed(b"$ANSIBLE_VAULT;9")
    assert not is_sealed("$ANSIBLE_VAULTED;")
    assert not is_sealed(b"")
    assert not is_sealed(b"\xff\xfe")
