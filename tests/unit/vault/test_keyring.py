from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.diagnostics import render
from kplay.errors import InputError
from kplay.source import OpenedText, Span, VaultText
from kplay.vault import envelope
from kplay.vault.keyring import Keyring
from kplay.yaml_reader import load_file, load_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SPAN = Span("v.yml", 3, 5, 3, 6)


def sealed(text: str, secret: str = "pw", label: str = "") -> str:
    return envelope.seal(text.encode(), secret.encode(), label)


def refusal(keyring: Keyring, text: str) -> str:
    with pytest.raises(InputError) as caught:
        keyring.open(text, SPAN)
    (found,) = caught.value.diagnostics
    assert found.secret
    return render(found)


def test_the_own_vault_id_is_tried_first_then_every_other(
    keyring_of: Callable[..., Keyring],
) -> None:
    keyring = keyring_of(a="1", b="2")
    assert keyring.opened_by(sealed("x", "2", "b"), SPAN)[1].label == "b"
    assert keyring.opened_by(sealed("x", "1", "b"), SPAN)[1].label == "a"
    assert keyring.open(sealed("x", "2"), SPAN) == b"x"


def test_with_match_only_the_own_vault_id_is_tried(keyring_of: Callable[..., Keyring]) -> None:
    shown = refusal(keyring_of(match=True, a="1", b="2"), sealed("x", "2", "a"))
    assert "encrypted for the vault id `a`; tried: `a`" in shown


def test_refusals_say_where_and_what_was_tried(keyring_of: Callable[..., Keyring]) -> None:
    shown = refusal(keyring_of(a="1", b="2"), sealed("x", "3", "prod"))
    assert shown.startswith("error[wrong-vault-password]: no vault password opens this")
    assert "--> v.yml:3:5" in shown
    assert "for the vault id `prod`; tried: `a`, `b`" in shown
    assert "--vault-password-file" in refusal(Keyring(), sealed("x"))
    assert "damaged" in refusal(keyring_of(a="1"), sealed("x")[:-4])


def test_an_unused_password_is_not_needed() -> None:
    assert load_text(f"a: !vault |\n  {sealed('x').replace(chr(10), chr(10) + '  ')}\n", "f").data


def test_values_are_secrets_once_they_are_opened(keyring_of: Callable[..., Keyring]) -> None:
    keyring = keyring_of(a="pw")
    text = VaultText(sealed("hush"))
    assert keyring.revealed == set()
    assert keyring.value(text, SPAN) == "hush"
    assert keyring.revealed == {"hush"}
    assert OpenedText("hush", text).sealed == text
    with pytest.raises(InputError, match="not UTF-8"):
        keyring.value(VaultText(envelope.seal(b"\xff", b"pw")), SPAN)


def test_the_values_of_a_vaulted_file_are_secrets(
    keyring_of: Callable[..., Keyring], tmp_path: Path
) -> None:
    keyring = keyring_of(a="pw")
    path = tmp_path / "vars.yml"
    text = (
        "a: word\nb: [in a list, '{{ template }}', true, present]\nc: {port: 8080, pin: 1234567}\n"
        "ansible_connection: local\nansible_become_pass: become-me\n"
    )
    path.write_text(sealed(text))
    document = load_file(path, keyring)
    assert document.sealed
    assert document.data["a"] == "word"
    assert keyring.revealed == {"word", "in a list", "1234567", "become-me"}


def test_a_vaulted_file_of_tasks_has_no_secrets_of_its_own(
    keyring_of: Callable[..., Keyring],
) -> None:
    keyring = keyring_of(a="pw")
    load_text(sealed("- {name: n, debug: }\n"), "t.yml", keyring)
    assert keyring.revealed == set()


@pytest.mark.parametrize(
    "text",
    ["a: hush\na: hush\n", "a: {{ hush }}\n", "a: hush: hush\n", "a: 2024-13-45\n", "- [hush"],
)
def test_faults_in_a_vaulted_file_quote_nothing_of_it(
    keyring_of: Callable[..., Keyring], tmp_path: Path, text: str
) -> None:
    path = tmp_path / "vars.yml"
    path.write_text(sealed(text))
    with pytest.raises(InputError) as caught:
        load_file(path, keyring_of(a="pw"))
    shown = "\n".join(map(render, caught.value.diagnostics))
    assert str(path) in shown
    assert "hush" not in shown
    assert "2024" not in shown
    assert " | " not in shown


def test_a_file_that_cannot_be_read_as_text(keyring_of: Callable[..., Keyring]) -> None:
    with pytest.raises(InputError, match="not UTF-8"):
        load_text(envelope.seal(b"\xff", b"pw"), "f", keyring_of(a="pw"))
    with pytest.raises(InputError, match="has no password"):
        load_text(sealed("a: 1"), "f")


def test_files_are_opened_where_they_are_sealed(
    keyring_of: Callable[..., Keyring], tmp_path: Path
) -> None:
    keyring = keyring_of(a="pw")
    (tmp_path / "plain").write_text("plain")
    (tmp_path / "sealed").write_text(sealed("a file's text"))
    assert keyring.read(tmp_path / "plain") == (b"plain", False)
    assert keyring.read(tmp_path / "sealed") == (b"a file's text", True)
    assert keyring.read(tmp_path / "sealed", decrypt=False)[0].startswith(b"$ANSIBLE_VAULT")
    assert keyring.revealed == {"a file's text"}
