"""Inventories that are programs."""

from __future__ import annotations

import pytest

from kplay.errors import InputError
from kplay.inventory.load import load

WHOLE = """\
#!/usr/bin/env python3
import json, sys
print("asked for " + " ".join(sys.argv[1:]), file=sys.stderr)
print(json.dumps({
    "listed": ["p1", "w1"],
    "grp": {"hosts": ["p2"], "vars": {"gvar": "{{ 1 + 1 }}", "s": "\\U0001f600"},
            "children": ["listed"]},
    "weak": {"hosts": ["p1", "p2"], "vars": {"gvar": 0, "ansible_group_priority": 9}},
    "_meta": {"hostvars": {"p1": {"a": 1}, "nobody": {"b": 1}}},
}))
"""
ONE_BY_ONE = """\
#!/bin/sh
echo "$*" >> calls
if [ "$1" = --list ]; then echo '{"web": ["q1", "q2"]}'
elif [ "$2" = q1 ]; then echo '{"from": "q1"}'; fi
"""


def test_as_ansible_reads_it(written, same_as_ansible) -> None:
    written({"i/1.ini": "[web]\nw1 a=0\n", "i/2.py": WHOLE, "i/group_vars/listed.yml": "v: 1"})
    listed = same_as_ansible("i")
    assert listed["_meta"]["hostvars"]["p1"] == {"a": 1, "v": 1, "gvar": 0, "s": "\U0001f600"}


def test_a_host_at_a_time_where_there_is_no_meta(written, same_as_ansible, monkeypatch) -> None:
    folder = written({"hosts.sh": ONE_BY_ONE})
    monkeypatch.chdir(folder)
    assert same_as_ansible("hosts.sh")["_meta"]["hostvars"] == {"q1": {"from": "q1"}}
    (folder / "calls").unlink()
    load([folder / "hosts.sh"])
    assert (folder / "calls").read_text() == "--list\n--host q1\n--host q2\n"


def test_values_keep_the_line_of_the_output_that_holds_them(written) -> None:
    folder = written({"hosts": '#!/bin/sh\nprintf \'{"web": {\\n "hosts": ["h"]}}\'\n'})
    inventory = load([folder / "hosts"])
    span = inventory.hosts["h"].span
    assert (span.file, span.line, span.column) == (f"{folder / 'hosts'} --list", 2, 12)
    assert inventory.hosts["h"].source == folder / "hosts"


@pytest.mark.parametrize(
    ("program", "message", "note"),
    [
        ("echo oh no >&2; exit 3", "ended with status 3 when called with `--list`", "oh no"),
        ("echo '{\"a\": '", "printed no JSON: expecting value", "line 2, column 1"),
        ("true", "printed no JSON: expecting value", "line 1, column 1"),
        ("echo '[1]'", "printed no mapping of groups", ""),
        ("echo '{\"a\": 1}'", "wants a mapping or a list of hosts as the group `a`", ""),
        ('echo \'{"a": {"hosts": {}}}\'', "wants a list as hosts of `a`", ""),
        ("echo '{\"a\": [1]}'", "wants names as hosts of `a`, not `1`", ""),
        ('echo \'{"_meta": {"hostvars": []}}\'', "wants a mapping as `_meta.hostvars`", ""),
        ("printf '\\377'", "printed what is not UTF-8 text", ""),
        (
            "[ $1 = --list ] && echo '{\"a\": [\"h\"]}' || echo '[]'",
            "wants a mapping of variables for `h`",
            "",
        ),
    ],
)
def test_a_fault_names_the_program(written, program: str, message: str, note: str) -> None:
    folder = written({"hosts": f"#!/bin/sh\n{program}\n"})
    with pytest.raises(InputError) as caught:
        load([folder / "hosts"])
    (one,) = caught.value.diagnostics
    assert one.code == "inventory-program"
    assert one.message == f"the inventory program `{folder / 'hosts'}` {message}"
    assert note in "\n".join(one.notes)


def test_a_program_whose_interpreter_is_missing(written) -> None:
    folder = written({"hosts": "#!/nowhere/python\n"})
    with pytest.raises(InputError) as caught:
        load([folder / "hosts"])
    assert "cannot be run: No such file or directory" in caught.value.diagnostics[0].message


def test_a_text_that_may_be_executed_is_read(written) -> None:
    folder = written({"hosts": "h x=1\n"})
    (folder / "hosts").chmod(0o755)
    assert load([folder / "hosts"]).hosts["h"].variables["x"].value == 1
