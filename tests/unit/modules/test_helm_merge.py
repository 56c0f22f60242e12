from __future__ import annotations

from typing import Any

import pytest

from kplay.modules.helm_merge import changed, is_native, strategic

DELETED = {"name": "x", "$patch": "delete"}


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": 1, "b": {"c": 1, "d": 2}}, {"b": {"c": 1}}, {"a": None, "b": {"c": 1, "d": None}}),
        ({"env": [{"name": "x"}]}, {"env": [{"name": "y"}]}, {"env": [{"name": "y"}, DELETED]}),
        (
            {"containers": [{"name": "x", "tty": True}]},
            {"containers": [{"name": "x"}]},
            {"containers": [{"name": "x", "tty": None}]},
        ),
        (
            {"ports": [{"port": 1}]},
            {"ports": [{"port": 2}]},
            {"ports": [{"port": 2}, {"port": 1, "$patch": "delete"}]},
        ),
        ({"args": ["a", "b"]}, {"args": ["b"]}, {"args": ["b"]}),
    ],
)
def test_a_strategic_patch_removes_what_the_new_manifest_drops(
    old: Any, new: Any, patch: Any
) -> None:
    assert strategic(old, new) == patch


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, {"a": {"c": 3}}),
        ({"a": 1}, {"b": [1]}, {"b": [1], "a": None}),
        ({"a": {}}, {"a": 1}, {"a": 1}),
    ],
)
def test_a_merge_patch_holds_what_differs(old: Any, new: Any, patch: Any) -> None:
    assert changed(old, new) == patch


def test_kinds_of_kubernetes_itself() -> None:
    assert is_native({"apiVersion": "v1"})
    assert is_native({"apiVersion": "networking.k8s.io/v1"})
    assert not is_native({"apiVersion": "cert-manager.io/v1"})
    assert not is_native({"apiVersion": "gateway.networking.k8s.io/v1"})
