"""RKE2 by tarball and RKE2 by packages are not mixed on a host."""

from __future__ import annotations

import pytest

from kplay.testing import FakeHost


def method_of(player, host, method):
    return player.role(
        "distribution-install/method",
        {"rke2_servers": ["s1"]},
        {"s1": host},
        distribution="rke2",
        distribution_method=method,
    )


@pytest.mark.parametrize("method", ["bundle", "online", "rpm"])
def test_a_bare_host_takes_any_method(player, method):
    assert method_of(player, FakeHost(), method).failure("s1") == ""


@pytest.mark.parametrize(
    ("path", "method", "words"),
    [
        ("/usr/bin/rke2", "bundle", ("by rpm (/usr/bin/rke2)", "bundle would bring it by tarball")),
        ("/usr/bin/rke2", "online", ("by rpm", "online would bring it by tarball")),
        ("/usr/local/bin/rke2", "rpm", ("by tarball (/usr/local/bin/rke2)", "bring it by rpm")),
        ("/opt/rke2/bin/rke2", "rpm", ("by tarball (/opt/rke2/bin/rke2)", "bring it by rpm")),
    ],
)
def test_the_other_method_is_refused_with_both_names(player, path, method, words):
    host = FakeHost(files={path: "a program"})
    said = method_of(player, host, method).failure("s1")
    assert said.startswith("s1 has RKE2 by ")
    for one in words:
        assert one in said


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/usr/bin/rke2", "rpm"),
        ("/usr/local/bin/rke2", "online"),
        ("/usr/local/bin/rke2", "bundle"),
    ],
)
def test_the_method_found_goes_on(player, path, method):
    host = FakeHost(files={path: "a program"})
    assert method_of(player, host, method).failure("s1") == ""
