"""The same inventory, read by ansible-inventory and by us."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kplay.inventory.export import graph_text, to_list_json
from kplay.inventory.load import load

PROGRAM = Path(sys.executable).with_name("ansible-inventory")

INI = """\
z9 ansible_host=1.2.3.4 k="a b" l=[1,2] t=True f=0644 h=a#b y=yes s='{"a": 1}' # note
b:2222
[fe80::1]:22
[web]
w[01:03]
a
[db]
d[d:f] v=1
a x="{{ y }}" sp='a=b c'
[mon:children]
db
[top:children]
db
web
[mid:children]
mon
[top:vars]
s = "quoted" # a comment of Python's
n = 5
l = ['a', 'b']
e =
p = yes
tpl = {{ n }} # part of the text
[web:vars]
x=1.5
y=0x10
z=hello world
w=a,b
"""
YAML = """\
all:
  vars: {g: 1}
  hosts:
    m1:
    m[2:3]: {q: [1]}
  children:
    web:
      hosts: {w1: , w2: {a: b}}
      vars: {v: x}
      children:
        inner:
          hosts: {i1: }
    db:
      hosts:
        d1:5555:
      children: {web: }
"""
BESIDE = {
    "group_vars/all.yml": "gv: all",
    "group_vars/web/one.yml": "gv: web",
    "group_vars/web/two.yml": "gv2: web",
    "group_vars/web.yml": "gv: never read",
    "host_vars/w1/main.yml": "hv: 1",
    "host_vars/w2": "hv: 2",
}


@pytest.mark.skipif(not PROGRAM.exists(), reason="ansible-core is not installed")
@pytest.mark.parametrize(("name", "text"), [("hosts", INI), ("hosts.yml", YAML)])
def test_the_same_hosts_groups_and_variables(tmp_path: Path, name: str, text: str) -> None:
    for path, content in {name: text, **BESIDE}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8")
    environment = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "0"}

    def ask(*options: str) -> str:
        command = [str(PROGRAM), "-i", name, *options]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        ).stdout

    inventory = load([tmp_path / name])
    listed = json.loads(ask("--list"))
    listed["_meta"].pop("profile", None)
    assert to_list_json(inventory) == listed
    assert graph_text(inventory, variables=True) == ask("--graph", "--vars").strip()
