"""Several sources, folders of them, YAML, and the variables beside them."""

from pathlib import Path

import pytest

from kplay.errors import InputError
from kplay.inventory.export import graph_text, to_list_json, variables_of
from kplay.inventory.load import load, load_adjacent
from kplay.inventory.model import Inventory


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def values(inventory: Inventory, host: str) -> dict[str, object]:
    table = variables_of(inventory, inventory.host(host))
    return {key: one.value for key, one in table.items()}


def test_a_list_of_hosts() -> None:
    inventory = load(["a,b[1:2]:2222,"])
    assert list(inventory.hosts) == ["a", "b1", "b2"]
    assert inventory.hosts["b1"].variables["ansible_port"].value == 2222
    assert inventory.groups["ungrouped"].hosts == ["a", "b1", "b2"]


def test_a_list_may_be_longer_than_any_path() -> None:
    hosts = [f"host{number}.example.net" for number in range(1000)]
    assert list(load([",".join(hosts) + ","]).hosts) == hosts


def test_yaml(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "hosts.yml": "all:\n  vars: {g: 1}\n  hosts:\n    m[1:2]: {q: [1]}\n  children:\n"
            "    web:\n      vars: {v: x, ansible_group_priority: 3}\n      hosts: {w1: }\n"
            "      children:\n        inner: {hosts: {i1: {v: z}}}\n",
        },
    )
    inventory = load([tmp_path / "hosts.yml"])
    assert list(inventory.hosts) == ["m1", "m2", "w1", "i1"]
    assert values(inventory, "i1") == {"g": 1, "v": "z"}
    assert inventory.groups["web"].priority == 3
    assert inventory.hosts["i1"].span[1:3] == (10, 25)


def test_later_sources_win(tmp_path: Path) -> None:
    write(tmp_path, {"one": "[web]\nh x=1 y=1\n", "two.yml": "web: {hosts: {h: {x: 2}, k: }}"})
    inventory = load([tmp_path / "one", tmp_path / "two.yml"])
    assert values(inventory, "h") == {"x": 2, "y": 1}
    assert inventory.groups["web"].hosts == ["h", "k"]
    assert inventory.sources == [tmp_path / "one", tmp_path / "two.yml"]


def test_a_folder_is_its_files_in_name_order(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "1.ini": "[web]\nh x=1\n",
            "2.yml": "web: {hosts: {h: {x: 2}}}",
            "notes.md": "no inventory",
            ".hidden": "[broken",
            "group_vars/web.yml": "from: group_vars",
        },
    )
    assert values(load([tmp_path]), "h") == {"x": 2, "from": "group_vars"}


def test_variables_beside_the_inventory(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "hosts": "[web]\nh\n[web:vars]\na=0\nb=0\nc=0\n",
            "group_vars/all.yml": "a: all\nz: all\n",
            "group_vars/web/1.yml": "b: web\n",
            "group_vars/web/2.yml": "b: web2\n",
            "group_vars/web.yml": "b: the folder wins\n",
            "host_vars/h": "c: host\n",
            "host_vars/localhost.yml": "l: 1\n",
        },
    )
    inventory = load([tmp_path / "hosts"])
    assert values(inventory, "h") == {"a": "all", "z": "all", "b": "web2", "c": "host"}
    assert values(inventory, "localhost")["l"] == 1


def test_variables_beside_the_playbook_stay_apart_and_win(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "i/hosts": "[web]\nh\n",
            "i/group_vars/web.yml": "a: inventory",
            "p/group_vars/web.yml": "a: playbook",
            "p/host_vars/h.json": '{"b": 1}',
        },
    )
    inventory = load([tmp_path / "i/hosts"])
    load_adjacent(inventory, tmp_path / "p")
    assert inventory.groups["web"].file_variables["a"].value == "inventory"
    assert inventory.groups["web"].playbook_variables["a"].value == "playbook"
    assert values(inventory, "h") == {"a": "playbook", "b": 1}


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({}, "missing-file"),
        ({"hosts": "#!/bin/sh\n"}, "inventory-program"),
        ({"hosts": "h\n", "host_vars/h.yml": "- a\n"}, "bad-value"),
        ({"hosts": "h\n", "host_vars/h.yml": "a: 1\na: 2\n"}, "duplicate-key"),
        ({"hosts": "h\n", "group_vars/all.yml": "$ANSIBLE_VAULT;1.1\n"}, "vaulted-file"),
        ({"hosts": "---\nplugin: aws_ec2\n"}, "unsupported-inventory"),
        ({"hosts": "---\n- a\n"}, "bad-value"),
    ],
)
def test_what_is_refused(tmp_path: Path, files: dict[str, str], code: str) -> None:
    write(tmp_path, files)
    for path in tmp_path.glob("hosts"):
        path.chmod(0o755)
    with pytest.raises(InputError) as caught:
        load([tmp_path / "hosts"])
    assert [one.code for one in caught.value.diagnostics] == [code]


def test_export(tmp_path: Path) -> None:
    write(tmp_path, {"hosts": "lone\n[web]\nh x=1\n[top:children]\nweb\n[top:vars]\nt=2\n"})
    inventory = load([tmp_path / "hosts"])
    assert to_list_json(inventory) == {
        "_meta": {"hostvars": {"h": {"t": 2, "x": 1}}},
        "all": {"children": ["ungrouped", "top"]},
        "top": {"children": ["web"]},
        "ungrouped": {"hosts": ["lone"]},
        "web": {"hosts": ["h"]},
    }
    assert graph_text(inventory, "top", variables=True) == (
        "@top:\n  |--@web:\n  |  |--h\n  |  |  |--{t = 2}\n  |  |  |--{x = 1}\n  |--{t = 2}"
    )
    with pytest.raises(KeyError):
        graph_text(inventory, "nothing")


def test_a_thousand_hosts_load_quickly(tmp_path: Path) -> None:
    from time import process_time

    hosts = "".join(
        f"h{n} ansible_host=10.0.{n // 250}.{n % 250} rack={n % 7}\n" for n in range(1000)
    )
    write(tmp_path, {"hosts": f"[web]\n{hosts}[odd]\n" + "".join(f"h{n}\n" for n in range(1000))})
    start = process_time()
    assert len(load([tmp_path / "hosts"]).hosts) == 1000
    assert process_time() - start < 0.3


def test_what_is_no_source_in_a_folder_may_be_said(tmp_path: Path) -> None:
    write(tmp_path, {"a.ini": "[broken\n", "b.cfg": "h\n", "old-c": "[broken\n"})
    inventory = load([tmp_path], ignored=[".ini"], ignored_patterns=["^old"])
    assert list(inventory.hosts) == ["h"]
    with pytest.raises(InputError, match="which is no regex"):
        load([tmp_path / "b.cfg"], ignored_patterns=["("])
