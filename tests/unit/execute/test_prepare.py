from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.errors import InputError, UsageError
from kplay.execute.options import RunOptions
from kplay.execute.prepare import extra_vars, load_inventory, prepare
from kplay.execute.resume import _refuse_unknown

if TYPE_CHECKING:
    from pathlib import Path


def plain(*given: str):
    return {name: value.value for name, value in extra_vars(given).items()}


def test_extra_variables_in_their_three_forms(tmp_path: Path):
    file = tmp_path / "vars.yml"
    file.write_text("c: [1, 2]\n")
    assert plain("a=1 b='two words'", '{"n": 3}', f"@{file}", "a=2") == {
        "a": "2",
        "b": "two words",
        "n": 3,
        "c": [1, 2],
    }


@pytest.mark.parametrize("text", ["word", "1x=2", "a=1 b"])
def test_text_that_is_no_variable_is_a_usage_error(text):
    with pytest.raises(UsageError, match="is not name=value, JSON or @file"):
        extra_vars((text,))


def test_a_file_of_variables_that_is_no_mapping_is_shown(tmp_path: Path):
    file = tmp_path / "vars.yml"
    file.write_text("- a\n")
    with pytest.raises(InputError, match="holds no mapping"):
        extra_vars((f"@{file}",))


def test_an_inventory_is_wanted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("ANSIBLE_INVENTORY", raising=False)
    monkeypatch.delenv("KPLAY_INVENTORY", raising=False)
    with pytest.raises(UsageError, match="no inventory"):
        load_inventory(RunOptions())


@pytest.mark.parametrize(
    ("order", "hosts"),
    [
        ("inventory", ["b", "a", "c"]),
        ("sorted", ["a", "b", "c"]),
        ("reverse_sorted", ["c", "b", "a"]),
        ("reverse_inventory", ["c", "a", "b"]),
    ],
)
def test_the_order_of_hosts(tmp_path: Path, order, hosts):
    playbook = tmp_path / "play.yml"
    playbook.write_text(f"- {{hosts: all, order: {order}, gather_facts: false, tasks: []}}\n")
    prepared = prepare(RunOptions(playbooks=(playbook,), inventory=("b,a,c,",)))
    assert prepared.graph.plays[0].hosts == hosts


def test_a_decision_on_a_step_that_was_never_sent_is_refused(tmp_path: Path):
    from kplay.execute.journal import Record

    record = Record(tmp_path, {}, {}, {"0.1@h1#0.0": {}}, ended=False)
    _refuse_unknown(["0.1@h1#0.0"], record)
    with pytest.raises(InputError, match="sent no step") as caught:
        _refuse_unknown(["0.1@h1#0.1"], record)
    assert caught.value.diagnostics[0].help == ("did you mean `0.1@h1#0.0`?",)
