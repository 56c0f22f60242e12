"""The inventory plugin constructed, and the plugin files that are refused."""

from __future__ import annotations

import pytest

from kplay.errors import InputError
from kplay.inventory.load import load
from kplay.resolve.constructed import Constructor
from kplay.source import made_up

HOSTS = """\
[web]
w1 os=debian n=1 labels="['a','','b']"
w2 os='' n=2
[db]
d1 os=rhel n=3 m="{'k': 'v', 'k2': ''}"
[all:vars]
allv=7
site={{ n }}-{{ gv|default('nogv') }}
[top:children]
web
"""
CONSTRUCTED = """\
plugin: ansible.builtin.constructed
compose:
  sum: n|int + 1
  twice: sum * 2
  names: group_names
  file: inventory_file is defined
  wrong: nosuch + 1
  raw: "'{{ n }}'"
  others: groups | default('none') | string
groups:
  many: n|int > 1
  hasall: allv is defined
  hasgv: gv is defined
  odd-name: true
  composed: sum is defined
  truthy: group_names | intersect(['web'])
keyed_groups:
  - key: os
  - {key: os, prefix: os, separator: "-"}
  - {key: os, prefix: d, default_value: none at all}
  - {key: os, prefix: t, trailing_separator: false}
  - {key: labels, prefix: tag, parent_group: tagged}
  - {key: labels, prefix: dtag, default_value: none}
  - {key: m, prefix: m}
  - {key: m, prefix: mt, trailing_separator: false}
  - {key: m, prefix: md, default_value: dv}
  - {key: n|int|string, prefix: num, parent_group: "p_{{ os }}"}
  - {key: n|int|string, prefix: 7, separator: ""}
  - {key: nosuch, prefix: nos}
  - {key: none, prefix: k, default_value: dd}
  - {key: "[]", prefix: i, default_value: dd}
  - {key: "'a b-c.d'", prefix: x, parent_group: "x y"}
"""


def test_as_ansible_constructs(written, same_as_ansible) -> None:
    written(
        {
            "i/10.ini": HOSTS,
            "i/20.yml": "all: {hosts: {y1: {n: 5}}, children: {late: {hosts: {y2: }}}}",
            "i/30.yml": CONSTRUCTED,
            "i/40.ini": "[web]\nlater n=9\n",
            "i/group_vars/web.yml": "gv: 1",
        }
    )
    listed = same_as_ansible("i")
    assert listed["tag_a"] == {"hosts": ["w1"]}
    assert listed["_meta"]["hostvars"]["w1"]["raw"] == "{{ n }}"
    assert "hasgv" not in listed


def test_the_variables_of_folders_when_asked_for(written, same_as_ansible) -> None:
    written(
        {
            "i/10.ini": HOSTS,
            "i/group_vars/web.yml": "gv: web",
            "i/group_vars/all.yml": "gva: 1",
            "i/host_vars/w2.yml": "gv: w2",
            "i/30.config": "plugin: constructed\nuse_vars_plugins: true\ncompose:\n"
            "  c: gv|default('no')\n  d: gva|default('no')\n  e: site\n",
        }
    )
    # The ending .config is for those who enable the plugin by name
    listed = same_as_ansible("i", ANSIBLE_INVENTORY_ENABLED="constructed,ini")
    assert listed["_meta"]["hostvars"]["w2"]["c"] == "w2"


def test_no_separator_before_a_name_without_a_prefix(written, same_as_ansible) -> None:
    text = "plugin: constructed\nleading_separator: false\n"
    text += 'keyed_groups: [{key: os}, {key: m}, {key: "[1]"}, {key: os, prefix: p}]\n'
    written({"10.ini": HOSTS, "20.yml": text})
    assert same_as_ansible("10.ini", "20.yml")["debian"] == {"hosts": ["w1"]}


def test_lists_of_hosts(same_as_ansible) -> None:
    enabled = {"ANSIBLE_INVENTORY_ENABLED": "advanced_host_list"}
    listed = same_as_ansible("a,b[1:2],c:2222", **enabled)
    assert listed["ungrouped"]["hosts"] == ["a", "b1", "b2", "c"]


def test_what_it_makes_has_the_place_of_its_expression(written) -> None:
    folder = written({"a.ini": "h n=1\n", "b.yml": "plugin: constructed\ncompose: {x: n + 1}\n"})
    inventory = load([folder / "a.ini", folder / "b.yml"], construct=Constructor())
    made = inventory.hosts["h"].variables["x"]
    assert (made.value, made.span.file, made.span[1:3]) == (2, str(folder / "b.yml"), (2, 14))


def test_extra_vars_and_facts_of_earlier_runs(written) -> None:
    text = "plugin: constructed\nuse_extra_vars: true\ncompose: {x: e, f: ansible_os_family}\n"
    folder = written({"a.ini": "h\nk\n", "b.yml": text})
    kept = {"h": {"ansible_os_family": "Debian"}, "k": {}}
    construct = Constructor({"e": made_up("extra")}, kept.__getitem__)
    inventory = load([folder / "a.ini", folder / "b.yml"], construct=construct)
    assert inventory.hosts["h"].variables["f"].value == "Debian"
    assert {name: one.value for name, one in inventory.hosts["k"].variables.items()} == {
        "x": "extra"
    }


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("compos: {}", "unknown-keyword", "`constructed` has no option `compos`"),
        ("compose: []", "bad-value", "`compose` wants a mapping"),
        ("keyed_groups: [{prefix: a}]", "missing-argument", "wants a `key`"),
        ("keyed_groups: [{key: a, sep: b}]", "unknown-keyword", "has no option `sep`"),
        ("keyed_groups: [{key: a, prefix: no}]", "bad-value", "`prefix` wants text"),
        ("keyed_groups: [a]", "bad-value", "an entry of `keyed_groups` is a mapping"),
        (
            "keyed_groups: [{key: a, default_value: b, trailing_separator: false}]",
            "bad-value",
            "exclude each other",
        ),
        ("keyed_groups: [{key: '1 + 1'}]", "bad-value", "gives a value of type `int`"),
        ("strict: true\ncompose: {a: nosuch}", "undefined-variable", "`nosuch` is undefined"),
        ("strict: true\ngroups: {a: nosuch}", "undefined-variable", "`nosuch` is undefined"),
        ("strict: true\nkeyed_groups: [{key: nosuch}]", "undefined-variable", "`nosuch`"),
        ("strict: true\nkeyed_groups: [{key: \"''\"}]", "empty-key", "gives nothing for h"),
        ("groups: {a: 'x =='}", "template-syntax", "unexpected"),
    ],
)
def test_faults_have_their_place(written, text: str, code: str, message: str) -> None:
    folder = written({"a.ini": "h\n", "b.yml": f"plugin: constructed\n{text}\n"})
    with pytest.raises(InputError) as caught:
        load([folder / "a.ini", folder / "b.yml"], construct=Constructor())
    one = caught.value.diagnostics[0]
    assert (one.code, one.span.file) == (code, str(folder / "b.yml"))
    assert one.span.line > 1
    assert message in one.message


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        ("amazon.aws.aws_ec2", "inventory plugins such as `amazon.aws.aws_ec2` are not supported"),
        ("ansible.builtin.yaml", "`ansible.builtin.yaml` reads a file of its own form"),
        ("host_list", "`host_list` reads a file of its own form"),
    ],
)
def test_other_plugins_are_refused_with_a_reason(written, plugin: str, reason: str) -> None:
    folder = written({"b.yml": f"plugin: {plugin}\n"})
    with pytest.raises(InputError) as caught:
        load([folder / "b.yml"], construct=Constructor())
    (one,) = caught.value.diagnostics
    assert one.code == "unsupported-inventory"
    assert one.message.startswith(reason)
    assert one.help
