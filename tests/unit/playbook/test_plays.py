"""Plays and imported playbooks."""

from collections.abc import Callable
from pathlib import Path

from kplay.playbook.load import load
from kplay.playbook.model import Playbook

PLAY = "- hosts: all\n  tasks:\n    - ping:\n"


def test_a_play_with_all_its_parts(loaded: Callable[..., Playbook]) -> None:
    playbook = loaded(
        "- name: Everything\n  hosts: [web, '!w1']\n  become: true\n  gather_facts: no\n"
        "  vars: {a: 1}\n  vars_files: [one.yml, ['{{ x }}.yml', two.yml]]\n  strategy: graph\n"
        "  needs: [Before]\n  serial: [1, '50%']\n  environment: {A: b}\n"
        "  pre_tasks: [{ping: }]\n  tasks: [{ping: }, {debug: msg=x}]\n  post_tasks: [{ping: }]\n"
        "  handlers: [{name: h, ping: }]\n",
        {"one.yml": "b: 2\n", "two.yml": "c: 3\n"},
    )
    play = playbook.plays[0]
    assert (play.name, play.hosts.value) == ("Everything", ["web", "!w1"])
    assert play.variables["a"].value == 1
    assert [one.value for one in play.vars_files] == ["one.yml", ["{{ x }}.yml", "two.yml"]]
    assert [len(nodes) for _, nodes in play.sections()] == [1, 2, 1]
    assert [one.handler for one in play.handlers] == [True]
    assert play.keywords["strategy"].value == "graph"
    assert str(play.span) == "site.yml:2:3"
    assert play.directory == Path()


def test_a_play_without_a_name_is_called_by_its_hosts(loaded: Callable[..., Playbook]) -> None:
    assert loaded(PLAY).plays[0].name == "all"
    assert loaded(PLAY.replace("all", "[a, b]")).plays[0].name == "a,b"


def test_user_is_the_old_name_of_remote_user(
    loaded: Callable[..., Playbook], codes: Callable[..., list[str]]
) -> None:
    (play,) = loaded("- hosts: a\n  user: me\n").plays
    assert play.keywords["remote_user"].value == "me"
    assert codes("- hosts: a\n  user: me\n  remote_user: you\n") == ["several-keywords"]


def test_imported_playbooks_give_their_plays_what_stands_on_the_import(
    loaded: Callable[..., Playbook],
) -> None:
    playbook = loaded(
        "- import_playbook: sub/one.yml\n  vars: {v: import}\n  tags: outer\n  when: x\n",
        {
            "sub/one.yml": "- hosts: all\n  tags: [own]\n  vars: {v: play, w: 1}\n  tasks: []\n"
            "- import_playbook: two.yml\n  when: y\n",
            "sub/two.yml": PLAY,
        },
    )
    one, two = playbook.plays
    assert {key: value.value for key, value in one.variables.items()} == {"v": "import", "w": 1}
    assert one.keywords["tags"].value == ["outer", "own"]
    assert two.keywords["when"].value == ["x", "y"]
    assert [str(value.span) for value in two.keywords["when"].elements()] == [
        "site.yml:4:9",
        "sub/one.yml:6:9",
    ]
    assert two.directory == Path("sub")
    assert playbook.files == [Path("site.yml"), Path("sub/one.yml"), Path("sub/two.yml")]


def test_names_of_imports_may_come_from_the_command_line(
    loaded: Callable[..., Playbook],
) -> None:
    text = "- import_playbook: '{{ which }}.yml'\n"
    playbook = loaded(text, {"one.yml": PLAY}, extra_vars={"which": "one"})
    assert playbook.files[-1] == Path("one.yml")


def test_several_playbooks_in_order(folder: Callable[[dict[str, str]], Path]) -> None:
    folder({"a.yml": PLAY, "b.yml": PLAY.replace("all", "web")})
    assert [play.name for play in load([Path("b.yml"), Path("a.yml")]).plays] == ["web", "all"]


def test_faults_of_all_files_are_told_at_once(codes: Callable[..., list[str]]) -> None:
    assert codes(
        "- hosts: all\n  what: 1\n  tasks: 5\n  roles: x\n- import_playbook: b.yml\n- text\n",
        {"b.yml": "- hosts: all\n  gather_facts: perhaps\n  vars_files: [gone.yml]\n"},
    ) == [
        "unknown-keyword",
        "bad-value",
        "bad-value",
        "bad-value",
        "missing-file",
        "bad-value",
    ]


def test_what_is_no_playbook(codes: Callable[..., list[str]]) -> None:
    assert codes("") == ["empty-playbook"]
    assert codes("a: 1\n") == ["bad-value"]
    assert codes("- import_playbook: site.yml\n") == ["import-cycle"]
    assert codes("- hosts:\n  tasks: []\n") == ["missing-hosts"]
    assert codes("- import_playbook: site.yml\n  vars: 5\n") == ["bad-value", "import-cycle"]
    assert codes("- import_playbook: [a]\n") == ["bad-value", "bad-value"]
