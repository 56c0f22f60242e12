from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from kplay.transport import hostkeys
from kplay.transport.base import HostKeyError

if TYPE_CHECKING:
    from pathlib import Path

KEY = hostkeys.Key("ssh-ed25519", b"\0\0\0\x0bssh-ed25519-one")
OTHER = hostkeys.Key("ssh-ed25519", b"\0\0\0\x0bssh-ed25519-two")


def line(names: str, key: hostkeys.Key = KEY) -> str:
    return f"{names} {key.type} {base64.b64encode(key.blob).decode()}\n"


def verify(file: Path, name: str = "h1", strict: str = "yes") -> None:
    hostkeys.verify("h1", name, KEY, files=(str(file),), strict=strict, record_in=str(file))


@pytest.mark.parametrize("names", ["h1", "x,H1", "h*", "*,!h2", "[h1]:22,h1"])
def test_names_that_match(tmp_path: Path, names: str) -> None:
    written = "# a comment\nbroken\n" + line(names)
    (tmp_path / "k").write_text(written)
    verify(tmp_path / "k")
    assert (tmp_path / "k").read_text() == written


@pytest.mark.parametrize("names", ["h2", "h1x", "[h1]:2222", "*,!h1", "|1|broken|broken"])
def test_names_that_do_not(tmp_path: Path, names: str) -> None:
    (tmp_path / "k").write_text(line(names))
    with pytest.raises(HostKeyError, match="not known"):
        verify(tmp_path / "k")


def test_a_port_is_part_of_the_name() -> None:
    assert hostkeys.lookup_name("H1", 22) == "h1"
    assert hostkeys.lookup_name("h1", 2222) == "[h1]:2222"


def test_a_key_of_another_type_does_not_make_a_new_one_trusted(tmp_path: Path) -> None:
    (tmp_path / "k").write_text(line("h1", hostkeys.Key("ssh-rsa", b"rsa")))
    with pytest.raises(HostKeyError, match="HAS CHANGED"):
        verify(tmp_path / "k", strict="accept-new")


@pytest.mark.parametrize("strict", ["accept-new", "no"])
def test_a_changed_key_is_never_accepted(tmp_path: Path, strict: str) -> None:
    (tmp_path / "k").write_text(line("h1", OTHER))
    with pytest.raises(HostKeyError, match="HAS CHANGED"):
        verify(tmp_path / "k", strict=strict)


def test_an_accepted_key_is_recorded_once(tmp_path: Path) -> None:
    file = tmp_path / "d/k"
    verify(file, strict="accept-new")
    verify(file)
    assert file.read_text() == line("h1")
    assert file.stat().st_mode & 0o077 == 0


def test_a_file_without_a_last_line_feed_is_continued_well(tmp_path: Path) -> None:
    file = tmp_path / "k"
    file.write_text(line("h2").strip())
    verify(file, strict="accept-new")
    assert file.read_text() == line("h2") + line("h1")


def test_a_certificate_authority_points_to_openssh(tmp_path: Path) -> None:
    (tmp_path / "k").write_text("@cert-authority " + line("h1"))
    with pytest.raises(HostKeyError, match="ansible_ssh_transport: openssh"):
        verify(tmp_path / "k")


def test_a_revoked_key_is_refused_even_when_known(tmp_path: Path) -> None:
    (tmp_path / "k").write_text(line("h1") + "@revoked " + line("h1"))
    with pytest.raises(HostKeyError, match="revoked"):
        verify(tmp_path / "k", strict="accept-new")
