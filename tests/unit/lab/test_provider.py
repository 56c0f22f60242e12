from __future__ import annotations

import pytest

from kplay import lab as labs
from kplay.errors import InputError, KplayError
from kplay.lab import provider
from kplay.lab.load import load_string
from kplay.lab.nspawn.limits import check


class Bare:
    """A provider that can do no more than every one."""


def test_what_a_provider_cannot_do_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = load_string("name: x\nhosts: {a: }\n", "lab.yml")
    monkeypatch.setattr(provider, "provider_of", lambda _: Bare())
    for ability, deed in (
        (provider.snapshots_of, "take snapshots"),
        (provider.faults_of, "bring faults about"),
        (provider.accounts_of, "make users with a password"),
        (provider.power_of, "cut power or links"),
        (provider.layers_of, "keep apart what hosts write"),
    ):
        with pytest.raises(KplayError, match=f"the lab provider `nspawn` cannot {deed}"):
            ability(lab)


@pytest.mark.parametrize(
    ("line", "message", "column"),
    [
        ("internet: true", "nspawn machines have no way out", 11),
        ("os: rocky-9", "nspawn machines are Debian: debian-12 or debian-13, not `rocky-9`", 5),
        (
            "hosts: {a: {os: rocky-9}}",
            "nspawn machines are Debian: debian-12 or debian-13, not `rocky-9`",
            17,
        ),
        (
            f"hosts: {{a: {{disks: {[1] * 26}}}}}",
            "nspawn machines have 25 data disks at most",
            20,
        ),
    ],
)
def test_what_nspawn_machines_are_not_is_refused_at_its_line(
    line: str, message: str, column: int
) -> None:
    hosts = "" if line.startswith("hosts") else "\nhosts: {a: }"
    lab = load_string(f"{line}\nname: x{hosts}\n", "lab.yml")
    with pytest.raises(InputError) as caught:
        labs.up(lab, progress=lambda host, said: None)
    [fault] = caught.value.diagnostics
    assert (fault.message, str(fault.span)) == (message, f"lab.yml:1:{column}")
    if "Debian" in message:
        assert fault.help == ("`provider: vagrant` has it",)


def test_what_nspawn_machines_can_be_is_taken() -> None:
    text = "name: x\ninternet: false\nos: debian-13\nvagrant: {box: b}\n"
    text += "networks: {a: {cidr: 10.1.1.0/24}, b: }\nhosts:\n"
    text += "  a: {memory: 1, box: c, os: debian-12, disks: [1, 20], address: 10.1.1.9}\n"
    check(load_string(text, "lab.yml"))
