"""What playbooks want, found in the component lists."""

from __future__ import annotations

import pytest

from kplay.bundle.components import load_lists
from kplay.bundle.orders import Want, orders_of, resolve
from kplay.errors import InputError
from kplay.source import Span

LISTS = load_lists()
V1, V2 = "v1.36.3+k3s1", "v1.36.3+k3s2"


def want(name: str, version: str = "", line: int = 7) -> Want:
    return Want(
        name, version, "bring", Span("site.yml", line, 1, line, 9), ("w1", "w2"), ("set it",)
    )


def test_equal_wants_are_one_item_with_all_who_want_it() -> None:
    items = resolve([want("k3s", V1), want("k3s", V1, 9), want("k3s", V2)], LISTS)
    assert [(one.name, one.version, len(one.wants)) for one in items] == [
        ("k3s", V1, 2),
        ("k3s", V2, 1),
    ]


def test_a_want_of_any_version_is_the_one_that_others_name() -> None:
    items = resolve([want("k3s"), want("k3s", V1)], LISTS)
    assert [(one.version, len(one.wants)) for one in items] == [(V1, 2)]


def test_what_a_list_pins_needs_no_version() -> None:
    (item,) = resolve([want("crictl")], LISTS)
    assert item.version.startswith("v1.")
    assert item.piece is not None
    assert item.piece.source.startswith("sigs.k8s.io/cri-tools@v1.")
    assert resolve([want("crictl", item.version.removeprefix("v"))], LISTS)[0] == item.__class__(
        item.name, item.version, item.listed, (want("crictl", item.version[1:]),), item.piece
    )


@pytest.mark.parametrize(
    ("wanted", "code", "message"),
    [
        (want("k4s", V1), "no-artifact", "no component list of kplay has an artifact `k4s`"),
        (want("k3s"), "no-version", "of `k3s` there are many versions, and none is said"),
        (want("k3s", "1.36"), "bad-version", "`1.36` is no version of k3s: v1.36.3+k3s1 is"),
        (want("k3s", "../../x"), "bad-version", "`../../x` is no version of k3s"),
        (want("crictl", "v1.0"), "no-artifact", "the bundle's `crictl` is v1.36.0, and v1.0 is"),
        (want("rke2-images-../x", V1), "no-artifact", "no component list"),
    ],
)
def test_what_no_list_has_is_told_where_it_is_wanted(wanted: Want, code: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve([wanted, want("k3s-images", V1)], LISTS)
    (one,) = caught.value.diagnostics
    assert (one.code, one.span) == (code, wanted.span)
    assert one.message.startswith(message)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        resolve([want("k4s"), want("k5s")], LISTS)
    assert len(caught.value.diagnostics) == 2


def test_kubernetes_is_made_whole_or_not_at_all() -> None:
    items = resolve([want("crictl"), want("rke2-images-canal", "v1.36.3+rke2r1")], LISTS)
    orders = orders_of(items, LISTS, by_path=False)
    assert [(one.listed.name, one.whole) for one in orders] == [("", True), ("rke2", False)]
    assert [one.name for one in orders[1].fetches] == ["rke2-images-canal"]
    (alone,) = orders_of([], LISTS, by_path=True)
    assert (alone.listed.name, alone.whole) == ("", True)
    assert orders_of([], LISTS, by_path=False) == []
