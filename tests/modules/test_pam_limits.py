from __future__ import annotations

import pytest

from kplay.modules.pam_limits import module
from kplay.testing import FakeHost, plan, play

PATH = "/etc/security/limits.conf"
TEXT = "# limits\nroot\thard\tnofile\t1000\n@dev soft core 5 # few\n# End of file\n"
NOFILE = {"domain": "root", "limit_type": "hard", "limit_item": "nofile"}


def host(text: str = TEXT) -> FakeHost:
    return FakeHost(files={PATH: text})


def test_a_limit_is_added_once() -> None:
    there = host()
    args = {"domain": "*", "limit_type": "-", "limit_item": "nproc", "value": "unlimited"}
    assert plan(module, args, there).action == "update"
    assert play(module, {**args, "comment": "ours"}, there).changed
    line = "*\t-\tnproc\tunlimited\t#ours\n"
    assert there.text(PATH) == TEXT.replace("# End", line + "# End")
    assert plan(module, args, there).action == "none"


def test_a_limit_is_changed() -> None:
    there = host()
    done = play(module, {**NOFILE, "value": 2000, "backup": True}, there)
    assert done.changed
    assert there.text(PATH) == TEXT.replace("1000", "2000")
    assert there.text(done["backup_file"]) == TEXT
    assert not play(module, {**NOFILE, "value": 2000}, there).changed


@pytest.mark.parametrize(
    ("args", "changed"),
    [
        ({"value": "500", "use_max": True}, False),
        ({"value": "5000", "use_max": True}, True),
        ({"value": "unlimited", "use_max": True}, True),
        ({"value": "500", "use_min": True}, True),
        ({"value": "5000", "use_min": True}, False),
        ({"value": "infinity", "use_min": True}, False),
    ],
)
def test_the_larger_or_the_smaller(args: dict[str, object], changed: bool) -> None:
    assert play(module, {**NOFILE, **args}, host()).changed is changed


def test_another_file() -> None:
    there = FakeHost(dirs=["/etc/security/limits.d"])
    args = {**NOFILE, "value": "1", "dest": "/etc/security/limits.d/ours.conf"}
    assert plan(module, args, there).action == "create"
    assert play(module, args, there).changed
    assert there.text("/etc/security/limits.d/ours.conf") == "root\thard\tnofile\t1\n"
    assert "does not exist" in play(module, {**args, "dest": "/none/x"}, there).msg


@pytest.mark.parametrize(("item", "value"), [("nofile", "many"), ("nofile", "-5")])
def test_what_cannot_be(item: str, value: str) -> None:
    args = {"domain": "x", "limit_type": "hard", "limit_item": item, "value": value}
    assert "can be one of" in play(module, args, host()).msg
    fine = {"domain": "x", "limit_type": "hard", "limit_item": "nice", "value": "-5"}
    assert play(module, fine, host()).changed
