"""Ranges in the names of hosts."""

import pytest

from kplay.inventory.ranges import expand, split_port


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("web", ["web"]),
        ("web[1:3]", ["web1", "web2", "web3"]),
        ("web[08:10].example", ["web08.example", "web09.example", "web10.example"]),
        ("db[a:c]", ["dba", "dbb", "dbc"]),
        ("db[A:B]", ["dbA", "dbB"]),
        ("r[1:7:3]", ["r1", "r4", "r7"]),
        ("r[1:2]-[a:b]", ["r1-a", "r1-b", "r2-a", "r2-b"]),
        ("r[:2]", ["r0", "r1", "r2"]),
        ("web[9:11]", ["web9", "web10", "web11"]),
    ],
)
def test_expansion(text: str, names: list[str]) -> None:
    assert expand(text) == names


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("w[3:1]", "counts up"),
        ("w[a:9]", "digits or letters"),
        ("w[01:100]", "same length"),
        ("w[a:F]", "same case"),
        ("w[1:3:0]", "at least 1"),
    ],
)
def test_bad_ranges(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        expand(text)


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("web", ("web", None)),
        ("web:22", ("web", 22)),
        ("web[1:3]:22", ("web[1:3]", 22)),
        ("web[1:3]", ("web[1:3]", None)),
        ("fe80::1", ("fe80::1", None)),
        ("[fe80::1]:22", ("fe80::1", 22)),
        ("[fe80::1]", ("fe80::1", None)),
        ("10.0.0.1:2222", ("10.0.0.1", 2222)),
    ],
)
def test_ports(text: str, split: tuple[str, int | None]) -> None:
    assert split_port(text) == split
