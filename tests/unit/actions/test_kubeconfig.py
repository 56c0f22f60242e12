import copy
from typing import Any

import pytest

from kplay.actions.kubeconfig import NotAKubeconfigError, merge, redacted

ADMIN: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "kubernetes", "cluster": {"server": "https://10.9.0.11:6443"}}],
    "contexts": [
        {
            "name": "kubernetes-admin@kubernetes",
            "context": {"cluster": "kubernetes", "user": "kubernetes-admin"},
        }
    ],
    "current-context": "kubernetes-admin@kubernetes",
    "users": [
        {
            "name": "kubernetes-admin",
            "user": {"client-certificate-data": "Q0VSVA==", "client-key-data": "S0VZ"},
        }
    ],
}


def test_into_nothing() -> None:
    merged = merge({}, ADMIN, "lab", None)
    assert merged["apiVersion"] == "v1"
    assert merged["kind"] == "Config"
    assert merged["current-context"] == "lab"
    assert merged["clusters"] == [{"name": "lab", "cluster": {"server": "https://10.9.0.11:6443"}}]
    assert merged["contexts"] == [
        {"name": "lab", "context": {"cluster": "lab", "user": "lab-admin"}}
    ]
    assert merged["users"] == [{"name": "lab-admin", "user": ADMIN["users"][0]["user"]}]


def test_server_is_overridden() -> None:
    merged = merge({}, ADMIN, "lab", "https://api.lab:6443")
    assert merged["clusters"][0]["cluster"]["server"] == "https://api.lab:6443"


def test_merging_again_changes_nothing() -> None:
    once = merge({}, ADMIN, "lab", None)
    assert merge(once, ADMIN, "lab", None) == once


def test_others_are_kept_and_stay_current() -> None:
    other = merge({}, ADMIN, "other", "https://other:6443")
    other["extensions"] = [{"name": "mine"}]
    merged = merge(other, ADMIN, "lab", None)
    assert [one["name"] for one in merged["contexts"]] == ["other", "lab"]
    assert merged["current-context"] == "other"
    assert merged["extensions"] == [{"name": "mine"}]


def test_an_entry_is_replaced_where_it_stands() -> None:
    before = merge(merge({}, ADMIN, "lab", None), ADMIN, "other", None)
    merged = merge(before, ADMIN, "lab", "https://new:6443")
    assert [one["name"] for one in merged["clusters"]] == ["lab", "other"]
    assert merged["clusters"][0]["cluster"]["server"] == "https://new:6443"


def test_inputs_are_left_alone() -> None:
    existing, fetched = merge({}, ADMIN, "other", None), copy.deepcopy(ADMIN)
    kept = copy.deepcopy(existing)
    merge(existing, fetched, "lab", "https://new:6443")["users"][0]["user"]["token"] = "x"
    assert existing == kept
    assert fetched == ADMIN


def test_lists_that_are_null_are_empty() -> None:
    merged = merge({"clusters": None, "contexts": None, "users": None}, ADMIN, "lab", None)
    assert len(merged["clusters"]) == 1


def test_the_namespace_of_the_context_is_kept() -> None:
    fetched = copy.deepcopy(ADMIN)
    fetched["contexts"][0]["context"]["namespace"] = "web"
    assert merge({}, fetched, "lab", None)["contexts"][0]["context"]["namespace"] == "web"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"contexts": []}, "among its contexts"),
        ({"clusters": []}, "no `kubernetes` among its clusters"),
        ({"users": []}, "no `kubernetes-admin` among its users"),
    ],
)
def test_what_is_no_kubeconfig_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(NotAKubeconfigError, match=message):
        merge({}, {**ADMIN, **change}, "lab", None)


def test_text_is_no_kubeconfig() -> None:
    with pytest.raises(NotAKubeconfigError, match="is a mapping"):
        merge({}, "text", "lab", None)  # type: ignore[arg-type]


def test_secrets_are_not_shown() -> None:
    config = merge({}, ADMIN, "lab", None)
    config["users"].append({"name": "sa", "user": {"token": "abc"}})
    config["users"].append(
        {"name": "oidc", "user": {"auth-provider": {"config": {"id-token": "abc"}}}}
    )
    text = str(redacted(config))
    assert "S0VZ" not in text
    assert "abc" not in text
    assert "Q0VSVA==" in text
    assert config["users"][0]["user"]["client-key-data"] == "S0VZ"
