from __future__ import annotations

import pytest

from kplay.modules.debconf import module
from kplay.testing import FakeHost, plan, play

DB = "/var/cache/debconf/config.dat"
TEXT = """\
Name: tz/area
Template: tz/area
Value: Etc
Owners: tzdata, other
Flags: seen

Name: tz/zones
Template: tz/zones
Value: a, b
Owners: tzdata
"""


def host() -> FakeHost:
    there = FakeHost(files={DB: TEXT, "/var/cache/debconf/passwords.dat": ""})

    def takes(on: FakeHost, _argv: object) -> str:
        name, question, kind, value = on.runs[-1].stdin.rstrip("\n").split(" ", 3)
        path = "/var/cache/debconf/passwords.dat" if kind == "password" else DB
        kept = [one for one in on.text(path).split("\n\n") if f"Name: {question}\n" not in one]
        kept.append(f"Name: {question}\nValue: {value}\nOwners: {name}\n")
        on.add_file(path, "\n\n".join(kept))
        return ""

    return there.when("debconf-set-selections", does=takes)


def test_an_answer_is_given_once() -> None:
    there = host()
    args = {"name": "tzdata", "question": "tz/area", "value": "Europe", "vtype": "select"}
    assert plan(module, args, there).action == "update"
    done = play(module, args, there)
    assert done.changed
    assert (done["current"], done["previous"]) == ({"tz/area": "Europe"}, {"tz/area": "Etc"})
    assert there.runs[-1].stdin == "tzdata tz/area select Europe\n"
    assert plan(module, args, there).action == "none"


@pytest.mark.parametrize(
    ("vtype", "value", "line"),
    [
        ("boolean", True, "tzdata new boolean true"),
        ("boolean", "False", "tzdata new boolean false"),
        ("multiselect", ["x", "y"], "tzdata new multiselect x, y"),
        ("password", "secret", "tzdata new password secret"),
        ("string", 5, "tzdata new string 5"),
    ],
)
def test_values(vtype: str, value: object, line: str) -> None:
    there = host()
    args = {"pkg": "tzdata", "setting": "new", "answer": value, "vtype": vtype}
    done = play(module, args, there)
    assert (done.changed, there.runs[-1].stdin) == (True, line + "\n")
    assert "secret" not in str(done.fields)
    assert not play(module, args, there).changed


def test_the_order_of_a_multiselect_is_no_change() -> None:
    args = {"name": "tzdata", "question": "tz/zones", "value": "b, a", "vtype": "multiselect"}
    assert not play(module, args, host()).changed


def test_a_question_is_marked_as_seen() -> None:
    args = {"name": "tzdata", "question": "tz/area", "value": True, "vtype": "seen"}
    assert not play(module, args, host()).changed
    assert plan(module, {**args, "value": False}, host()).action == "update"


def test_unseen() -> None:
    there = host()
    play(
        module,
        {"name": "x", "question": "q", "value": "v", "vtype": "string", "unseen": True},
        there,
    )
    assert there.runs[-1].argv == ("debconf-set-selections", "-u")


def test_a_plan_knows_of_the_answers_before() -> None:
    there = host()
    args = {"name": "tzdata", "question": "tz/area", "value": "Europe", "vtype": "select"}
    for kind, key, value in plan(module, args, there).effects:
        there.effects[kind, key] = value
    assert plan(module, args, there).action == "none"


def test_all_questions_of_a_package() -> None:
    done = play(module, {"name": "tzdata"}, host())
    assert done["current"] == {"tz/area": "Etc", "tz/zones": "a, b"}
    assert play(module, {"name": "none"}, host())["current"] == {}


def test_what_cannot_be() -> None:
    told = play(module, {"name": "x", "question": "q"}, host()).msg
    assert told == "when supplying a question you must supply a valid vtype and value"
    assert "missing: question" in play(module, {"name": "x", "value": "v"}, host()).msg
    assert "no program" in plan(module, {"name": "x"}, FakeHost()).unknown
    broken = host().when("debconf-set-selections", rc=1, stderr="error: no\n")
    args = {"name": "x", "question": "q", "value": "v", "vtype": "string"}
    assert play(module, args, broken).msg == "error: no"
