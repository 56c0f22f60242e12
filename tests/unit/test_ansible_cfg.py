"""ansible.cfg: which one counts, what is read of it, and what it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from kplay import ansible_cfg
from kplay.errors import InputError
from kplay.execute.options import RunOptions
from kplay.execute.prepare import prepare

TEXT = """
[defaults]
inventory = hosts.ini,more.ini
roles_path = roles:/opt/roles  ; two
collections_path = ./ansible_collections
forks = 7
remote_user = bob
private_key_file = ~/key
host_key_checking = False
nocows = 1
some_day = 1
gathering = explicit
[privilege_escalation]
become = True
become_user = admin
[ssh_connection]
pipelining = True
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ansible.cfg").write_text(TEXT)
    return tmp_path


def test_settings_are_read_with_their_origin(folder: Path) -> None:
    found = ansible_cfg.find(folder, {})
    assert found.get("inventory") == [str(folder / "hosts.ini"), str(folder / "more.ini")]
    assert found.roles_path == (folder / "roles", Path("/opt/roles"))
    assert found.collections_path == (folder,)
    assert (found.get("forks"), found.get("user")) == (7, "bob")
    assert found.get("private_key") == Path("~/key").expanduser()
    assert found.get("host_key_checking") is False
    assert (found.get("become"), found.get("become_user")) == (True, "admin")
    assert found.values["forks"].origin == f"{folder}/ansible.cfg: [defaults] forks"


def test_what_is_ignored_is_said_with_the_reason(folder: Path) -> None:
    assert ansible_cfg.find(folder, {}).ignored == {
        "defaults.nocows": "there are none",
        "defaults.some_day": "kplay does not read it",
        "ssh_connection.pipelining": "the agent needs no pipelining",
    }


def test_the_environment_goes_before_the_file(folder: Path) -> None:
    environ = {"ANSIBLE_FORKS": "3", "ANSIBLE_BECOME": "no", "ANSIBLE_ROLES_PATH": "r"}
    found = ansible_cfg.find(folder, environ)
    assert (found.get("forks"), found.get("become")) == (3, False)
    assert found.roles_path == (folder / "r",)
    assert found.values["forks"].origin == "ANSIBLE_FORKS"


def test_one_file_counts(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "ansible.cfg").write_text("[defaults]\nforks = 2\n")
    assert ansible_cfg.find(folder, {"ANSIBLE_CONFIG": str(other)}).get("forks") == 2
    assert ansible_cfg.find(other, {}).get("user") is None


def test_a_folder_that_anybody_may_write_to_is_not_trusted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder / "home"))
    folder.chmod(0o777)
    found = ansible_cfg.find(folder, {})
    assert found.get("forks") is None
    assert found.warnings == (f"{folder}/ansible.cfg is ignored: anybody may write to its folder",)


def test_defaults_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/bob")
    found = ansible_cfg.find(tmp_path, {})
    assert found.roles_path[0] == Path("/home/bob/.ansible/roles")
    assert found.collections_path[0] == Path("/home/bob/.ansible/collections")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[defaults]\nforks = many\n", "`forks` wants a number, not 'many'"),
        ("[defaults]\nhost_key_checking = maybe\n", "wants a boolean, not 'maybe'"),
        ("[defaults]\nhash_behaviour = merge\n", "`hash_behaviour = merge` is not supported"),
        ("[defaults]\nerror_on_undefined_vars = no\n", "is not supported"),
        ("defaults\n", "neither a `\\[section\\]`"),
    ],
)
def test_what_cannot_be_followed_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "ansible.cfg").write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        ansible_cfg.find(tmp_path, {})
    span = caught.value.diagnostics[0].span
    assert span is not None
    assert span.line == len(text.splitlines())


ROLE = "- {name: of the role, debug: {msg: x}}\n"


def test_roles_are_found_where_galaxy_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = "collections/ansible_collections/my/own/roles/tidy/tasks"
    for path in ("installed/geerlingguy.pip/tasks", whole):
        (tmp_path / path).mkdir(parents=True)
        (tmp_path / path / "main.yml").write_text(ROLE)
    Path("play.yml").write_text(
        "- hosts: all\n  roles: [geerlingguy.pip, my.own.tidy]\n"
        "- hosts: all\n  collections: [my.own]\n  roles: [tidy]\n"
    )
    Path("ansible.cfg").write_text(
        "[defaults]\nroles_path = installed\ninventory = a,\ngathering = explicit\n"
        "force_handlers = true\n"
    )
    cfg = ansible_cfg.find(tmp_path, {})
    prepared = prepare(RunOptions(playbooks=(Path("play.yml"),), ansible_cfg=cfg))
    names = [vertex.name for vertex in prepared.graph.vertices() if vertex.kind == "task"]
    assert names == [
        "geerlingguy.pip : of the role",
        "my.own.tidy : of the role",
        "tidy : of the role",
    ]
    assert not [one for one in prepared.graph.vertices() if one.kind == "gather"]
    assert prepared.playbook.plays[0].keywords["force_handlers"].value is True
