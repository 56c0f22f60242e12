from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kplay.redaction import MASK, Redactor
from kplay.walk.events import Place, RunEnded, StepEnded, StepOutput, Warned

PLACE = Place("s", "h", "use s3cret!", "command", "p", "", "f.yml", 1)


def test_a_secret_in_the_middle_of_text() -> None:
    assert Redactor({"s3cret!"}).text("a s3cret! b") == f"a {MASK} b"


def test_short_values_are_left_alone() -> None:
    assert Redactor({"abc", ""}).text("abc abcd") == "abc abcd"


def test_a_number_that_is_a_secret() -> None:
    redactor = Redactor({"1234567"})
    assert redactor.value({"a": 1234567, "b": 12, "c": True}) == {"a": MASK, "b": 12, "c": True}


def test_whether_data_hold_a_secret() -> None:
    redactor = Redactor({'a "b" c'})
    assert redactor.holds({"x": ['say a "b" c now']})
    assert not redactor.holds({"x": ["a b c"]})
    assert not Redactor().holds({"x": 1})


def test_secrets_may_come_later() -> None:
    redactor = Redactor()
    assert redactor.text("hunter2") == "hunter2"
    redactor.secrets.add("hunter2")
    assert redactor.text("hunter2") == MASK


def test_the_longer_of_two_secrets_goes_first() -> None:
    assert Redactor({"pass", "password1"}).text("password1") == MASK


@pytest.mark.parametrize(
    "key",
    ["password", "become_password", "token", "certificate_key", "certificateKey", "api_key",
     "ansible_ssh_pass", "clientSecret", "private_key", "bootstrapToken"],
)  # fmt: skip
def test_keys_give_values_away(key: str) -> None:
    assert Redactor().value({key: "anything"}) == {key: MASK}


@pytest.mark.parametrize(
    "key", ["path", "bypass", "compass", "tokens_valid", "key", "password_lock"]
)
def test_other_keys_do_not(key: str) -> None:
    assert Redactor().value({key: "anything"}) == {key: "anything"}


@given(
    st.text(alphabet=st.characters(codec="utf-8"), min_size=4).filter(lambda s: len(s.strip()) >= 4)
)
def test_no_form_of_json_lets_a_secret_through(secret: str) -> None:
    redactor = Redactor({secret})
    data = redactor.value({"out": f"<{secret}>", "list": [secret]})
    assert data == {"out": f"<{MASK}>", "list": [MASK]}
    for ascii_only in (True, False):
        line = json.dumps({"out": secret}, ensure_ascii=ascii_only)
        inner = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        assert inner not in redactor.text(line).replace(MASK, "")


def test_events() -> None:
    redactor = Redactor({"s3cret!"})
    ended = StepEnded(
        0.0, PLACE, "failed", "run", {"stdout": "s3cret!"},
        diff=[{"path": "/x", "before": "", "after": "s3cret!"}], causes=["s3cret!"],
    )  # fmt: skip
    output = StepOutput(0.0, PLACE, "stdout", "s3cret!")
    for event in (ended, output, Warned(0.0, "s3cret!")):
        assert "s3cret!" not in repr(redactor.event(event))


def test_no_log_results_are_censored() -> None:
    event = StepEnded(0.0, PLACE, "ok", "run", {"stdout": "x", "rc": 0, "censored": "hidden"})
    shown = Redactor().event(event)
    assert "stdout" not in shown.result
    assert shown.result["rc"] == 0


def test_what_tasks_counted_holds_no_secret() -> None:
    custom = {"_run": {"said": "it is s3cret!", "api_password": "other", "n": 1}}
    shown = Redactor({"s3cret!"}).event(RunEnded(0.0, "r", 1.0, {}, {}, 0, custom))
    assert shown.custom == {"_run": {"said": f"it is {MASK}", "api_password": MASK, "n": 1}}
