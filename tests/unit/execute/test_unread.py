"""Variables of -e that nothing reads: said where a name is close, never where it may be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from kplay.execute.options import RunOptions
from kplay.execute.prepare import prepare
from kplay.execute.surroundings import Surroundings
from kplay.lint.check import lint

DEFAULTS = "web_version: 1\nweb_listen_port: 80\n"
TASKS = "- template: {src: web.conf, dest: /w}\n- command: id\n  register: web_seen_before\n"


def write(home: Path, written: dict[Path, str], files: dict[str, str]) -> None:
    """Write a project: its own files, and those that a test names with ``__`` for a slash."""
    named = {home / name.replace("__", "/").replace("_YML", ".yml"): files[name] for name in files}
    for path, text in {**written, **named}.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def project(tmp_path: Path):
    """A playbook with a role; gives what is said of -e, with more files in the project."""

    def notes(*extra: str, **files: str) -> list[str]:
        home = tmp_path / "project"
        role = home / "roles/web"
        written = {
            home / "site.yml": "- hosts: all\n  gather_facts: false\n  roles: [web]\n",
            home / "hosts.ini": "[all]\nw1 web_region=north\n",
            role / "defaults/main.yml": DEFAULTS,
            role / "tasks/main.yml": TASKS,
            role / "templates/web.conf": "listen {{ web_listen_port }} {{ web_secret_name }}\n",
        }
        write(home, written, files)
        options = RunOptions((home / "site.yml",), (str(home / "hosts.ini"),), extra_vars=extra)
        return prepare(options).notes

    return notes


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("web_verson", "web_version"),
        ("web_listenport", "web_listen_port"),
        ("web_regoin", "web_region"),
        ("web_seen_befor", "web_seen_before"),
        ("kplay_bundel", "kplay_bundle"),
    ],
)
def test_a_misspelt_name_is_said_with_the_one_that_is_meant(project, name: str, meant: str):
    said = f"nothing reads the variable `{name}` of -e: did you mean `{meant}`?"
    assert project(f"{name}=1") == [said]
    assert project(f'{{"{name}": [1]}}', f"{name}=2") == [said]


def test_a_name_of_a_file_has_its_place(project, tmp_path: Path):
    given = tmp_path / "project/given.yml"
    given.parent.mkdir()
    given.write_text("web_version: 2\nweb_verson: 2\nother: 1\n")
    (said,) = project(f"@{given}", "web_listenport=1")[:1]
    assert said == (
        f"{given}:2: nothing reads the variable `web_verson` of -e: did you mean `web_version`?"
    )
    assert len(project(f"@{given}", "web_listenport=1")) == 2


@pytest.mark.parametrize(
    "name",
    [
        # Known, or read somewhere: by a role's defaults, the inventory, a template
        "web_version", "web_region", "web_seen_before", "web_secret_name", "kplay_bundle",
        "ansible_usr", "kplay_absent",
        # Close to nothing, or close by its first words alone
        "note", "web_owner", "web_listen_host",
    ],
)  # fmt: skip
def test_other_names_are_left_alone(project, name: str):
    assert project(f"{name}=1") == []


@pytest.mark.parametrize(
    "text",
    [
        "{{ web_verson }}",
        "{{ lookup('vars', 'web_' ~ part) }}",
        "{{ q('ansible.builtin.varnames', '^web_') }}",
        "{{ vars[name] }}",
        "{{ vars['web_' ~ part] }}",
        "{{ vars | dict2items }}",
        "{{ hostvars['w1'][name] }}",
        "{{ hostvars[groups['all'][0]]['web_' ~ part] }}",
        "{{ hostvars.w1 | dict2items }}",
        "{{ groups.all | map('extract', hostvars, part) | list }}",
        "{{ groups.all | map('extract', hostvars, ['ansible_facts', part]) | list }}",
        "{{ groups.all | map('extract', hostvars) | map(attribute='web_' ~ part) }}",
        "{{ hostvars.values() | list }}",
        "{{ ('web_' ~ part) | extract(vars) }}",
        "{{ 1 if name in vars else 2 }}",
        "{{ '{{' ~ name ~ '}}' }}",
        "{% include '../' ~ other %}",
    ],
)
def test_what_may_be_read_by_a_made_name_ends_the_search(project, text: str):
    assert project("web_verson=1", roles__web__files__any=text) == []


@pytest.mark.parametrize(
    "text",
    [
        "{{ hostvars['w1']['web_version'] }} {{ hostvars[groups['all'][0]].web_version }}",
        "{{ vars['web_version'] }}",
        "{{ groups.all | map('extract', hostvars, ['ansible_facts', 'architecture']) | list }}",
        "{{ groups.all | map('extract', hostvars, 'web_version') | list }}",
        "{{ groups.all | map('extract', hostvars) | map(attribute='web_version') | list }}",
        "see ../README.md",
    ],
)
def test_what_is_read_by_a_written_name_does_not(project, text: str):
    assert len(project("web_verson=1", roles__web__files__any=text)) == 1


@pytest.mark.parametrize(
    "task",
    [
        "- include_role: {name: '{{ chosen }}'}\n  vars: {chosen: web}\n",
        "- include_role: {name: far.away.role}\n  when: false\n",
        "- include_role: {name: nowhere}\n  when: false\n",
        "- include_tasks: more.yml\n",
        "- debug: {var: '{{ chosen }}'}\n  vars: {chosen: web_region}\n",
    ],
)
def test_what_only_the_run_brings_in_ends_the_search(project, task: str):
    more = "- include_role:\n    name: far.away.role\n"
    tasks = {"roles__web__tasks__main_YML": TASKS + task}
    assert project("web_verson=1", **tasks, roles__web__tasks__more_YML=more) == []


def test_files_outside_of_the_project_count(project, tmp_path: Path):
    (tmp_path / "away").mkdir()
    (tmp_path / "away/x.j2").write_text("{{ web_verson }}")
    (tmp_path / "common.yml").write_text("a: '{{ web_listenport }}'")
    tasks = TASKS + f"- template: {{src: {tmp_path}/away/x.j2, dest: /x}}\n"
    tasks += "- include_vars: ../common.yml\n"
    given = {"roles__web__tasks__main_YML": tasks}
    assert project("web_verson=1", "web_listenport=1", **given) == []
    assert len(project("web_versin=1", **given)) == 1
    assert project("web_verson=1", f"from_here={tmp_path}/away") == []


def test_files_too_large_or_too_many_end_the_search(project, monkeypatch: pytest.MonkeyPatch):
    assert project("web_verson=1", large="x" * 600_000) == []
    assert len(project("web_verson=1", large="small")) == 1
    monkeypatch.setattr("kplay.execute.surroundings._MOST_FILES", 3)
    assert project("web_verson=1") == []


def test_files_are_read_only_for_a_name_that_is_close(project, monkeypatch: pytest.MonkeyPatch):
    asked: list[object] = []
    texts = Surroundings.texts
    monkeypatch.setattr(Surroundings, "texts", lambda on: asked.append(on) or texts(on))
    project("web_version=2", "note=1", "web_region=south")
    assert asked == []
    project("web_verson=2", "web_listenport=1")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("playbook", "name", "meant"),
    [
        ("k3s", "distribution_verson", "distribution_version"),
        ("rke2", "distribution_disabled", "distribution_disable"),
        ("rancher", "rancher_hostnam", "rancher_hostname"),
        ("kubeadm", "kubernetes_versio", "kubernetes_version"),
        (
            "k3s-uninstall",
            "distribution_uninstall_delete_nod",
            "distribution_uninstall_delete_node",
        ),
    ],
)
def test_playbooks_that_ship_read_nothing_by_a_made_name(
    tmp_path: Path, playbook: str, name: str, meant: str
):
    groups = ("server", "agent", "rke2_servers", "rke2_agents", "control_plane", "workers")
    (tmp_path / "hosts").write_text("".join(f"[{one}]\n{one[:3]}1\n" for one in groups))
    path = Path(__file__).parents[3] / f"playbooks/{playbook}.yml"
    options = RunOptions((path,), (str(tmp_path / "hosts"),), extra_vars=(f"{name}=1",))
    assert prepare(options).notes == [
        f"nothing reads the variable `{name}` of -e: did you mean `{meant}`?"
    ]


@pytest.fixture
def linted(tmp_path: Path):
    """What lint says of a project whose inventory gives `web_verson`, with more files."""

    def codes(**files: str) -> list[str]:
        home = tmp_path / "project"
        written = {
            home / "site.yml": "- hosts: all\n  gather_facts: false\n  roles: [web]\n",
            home / "hosts.ini": "[all]\nw1\nw2\n",
            home / "host_vars/w1.yml": "web_verson: 1\n",
            home / "host_vars/w2.yml": "web_verson: 2\n",
            home / "roles/web/defaults/main.yml": DEFAULTS,
            home / "roles/web/tasks/main.yml": "- debug: {var: web_version}\n",
        }
        write(home, written, files)
        found = lint(RunOptions((home / "site.yml",), (str(home / "hosts.ini"),))).found
        places = [f"{Path(one.span.file).name}:{one.span.line}" for one in found if one.span]
        assert {one.code for one in found} <= {"unread-variable"}
        return places

    return codes


def test_lint_tells_each_place_of_the_inventory(linted, project):
    assert linted() == ["w1.yml:1", "w2.yml:1"]
    # A run does not: the inventory may serve other projects
    assert project() == []


@pytest.mark.parametrize(
    "files",
    [
        {"other_YML": "- hosts: all\n  tasks: [{debug: {msg: '{{ web_verson }}'}}]\n"},
        {"roles__web__templates__web.conf": "{{ web_verson }}\n"},
        {"host_vars__w1_YML": "web_verson: 1\nweb_shown: '{{ web_verson }}'\n"},
        {"host_vars__w1_YML": "# web_verson is read by another program\nweb_verson: 1\n"},
        {"roles__web__files__any": "{{ lookup('vars', 'web_' ~ part) }}\n"},
        {"group_vars__all_YML": "web_verson: 1\n", "README.md": "set `web_verson`\n"},
    ],
)
def test_an_inventory_variable_that_may_be_read_is_left_alone(linted, files: dict[str, str]):
    assert linted(**files) == []


def test_names_that_differ_in_a_number_are_left_alone(linted):
    plain = {"host_vars__w1_YML": "web_port1: 1\n", "host_vars__w2_YML": "web_port2: 1\n"}
    shown = {"roles__web__tasks__main_YML": "- debug: {var: web_port1}\n"}
    assert linted(**plain, **shown) == []
