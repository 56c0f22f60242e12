"""What playbooks want of a bundle, from files alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.errors import InputError
from kplay.execute.options import RunOptions
from kplay.plan.wanted import RefusedError, Wanted, wanted

if TYPE_CHECKING:
    from pathlib import Path

HOSTS = "[web]\nw1 release=v2\nw2\n[db]\nd1\n[all:vars]\nrelease=v1\nairgap=true\n"


def of(folder: Path, tasks: str, files: dict[str, str] | None = None, **extra: str) -> Wanted:
    for name, text in (files or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "hosts").write_text(HOSTS)
    (folder / "site.yml").write_text(f"- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}")
    given = tuple(f"{key}={value}" for key, value in extra.items())
    return wanted(
        RunOptions(
            (folder / "site.yml",),
            (str(folder / "hosts"),),
            extra_vars=(f"kplay_bundle={folder}/none", *given),
            runs_directory=folder / "r",
        )
    )


def rows(found: Wanted) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.name, one.version, one.hosts) for one in found.wants]


def test_names_and_versions_over_all_hosts(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        "    - {name: a, bundle_artifact: {name: k3s, version: '{{ release }}', dest: /k}}\n"
        "    - {name: b, bundle_artifact: {name: helm}, when: inventory_hostname == 'd1'}\n"
        "    - {name: c, bundle_artifact: {name: never}, when: not airgap | bool}\n",
    )
    assert rows(found) == [
        ("k3s", "v2", ("w1",)),
        ("k3s", "v1", ("w2", "d1")),
        ("helm", "", ("d1",)),
    ]
    assert [(one.task, one.span.line) for one in found.wants] == [("a", 4), ("a", 4), ("b", 5)]
    assert (found.by_path, found.notes) == ([], [])


def test_an_omitted_version_is_any(tmp_path: Path) -> None:
    task = "    - bundle_artifact: {name: a, version: \"{{ '' | default(omit, true) }}\"}\n"
    assert rows(of(tmp_path, task)) == [("a", "", ("w1", "w2", "d1"))]


def test_an_omitted_name_is_a_fault(tmp_path: Path) -> None:
    task = "    - {name: b, bundle_artifact: {name: \"{{ '' | default(omit, true) }}\"}}\n"
    with pytest.raises(InputError, match="`b` leaves out the name of what it takes"):
        of(tmp_path, task)


def test_turns_of_a_loop_and_of_one_over_what_it_registered(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        "    - bundle_artifact: {name: '{{ item }}', version: v3}\n"
        "      loop: [a, b, c]\n"
        "      when: item != 'b'\n"
        "      register: seen\n"
        "    - bundle_artifact:\n"
        "        {name: '{{ one.item }}-more', version: v3, dest: '{{ one.path }}'}\n"
        "      loop: '{{ seen.results }}'\n"
        "      loop_control: {loop_var: one}\n"
        "      when: one is not skipped\n",
    )
    everyone = ("w1", "w2", "d1")
    assert rows(found) == [(name, "v3", everyone) for name in ("a", "c", "a-more", "c-more")]


def test_what_only_may_be_taken_is_wanted(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        "    - {command: id, register: seen}\n"
        "    - {bundle_artifact: {name: a, version: v1}, when: seen is changed}\n"
        "    - {include_tasks: more.yml, when: seen.rc == 0}\n"
        "    - {include_tasks: '{{ item }}.yml', loop: [deep], when: seen.rc == 0}\n"
        "    - block:\n"
        "        - {file: {path: /a}, notify: bring}\n"
        "      rescue:\n"
        "        - bundle_artifact: {name: d, version: v1}\n"
        "  handlers:\n"
        "    - {name: bring, bundle_artifact: {name: e, version: v1}}\n",
        {
            "more.yml": "- bundle_artifact: {name: b, version: v1}\n",
            "deep.yml": "- bundle_artifact: {name: c, version: v1}\n",
        },
    )
    assert sorted(one[0] for one in rows(found)) == ["a", "b", "c", "d", "e"]


def test_what_may_fail_hides_nothing_but_is_told(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        "    - {name: there, assert: {that: (kplay_bundle ~ '/lock') is file}}\n"
        "    - {name: enough, assert: {that: 1 == 2, fail_msg: old}, ignore_errors: true}\n"
        "    - block:\n"
        "        - {name: tried, fail: {msg: nope}}\n"
        "      rescue:\n"
        "        - bundle_artifact: {name: b, version: v1}\n"
        "    - {name: read, set_fact: {x: '{{ nothing }}'}}\n"
        "    - {command: id, register: seen}\n"
        "    - {name: perhaps, fail: {msg: no}, when: seen.rc == 0}\n"
        "    - bundle_artifact: {name: a, version: v1}\n",
    )
    assert sorted(one[0] for one in rows(found)) == ["a", "b"]
    site = f"{tmp_path}/site.yml"
    told = [note.removeprefix(site) for note in found.notes]
    assert told[0] == ":5:22: `enough` fails: old"
    assert told[1] == ":7:25: `tried` fails: nope"
    assert told[2].startswith(":10:20: `read` fails: `nothing` is undefined")
    assert len(told) == 3


@pytest.mark.parametrize(
    ("check", "hosts", "says"),
    [
        ("assert: {that: release == 'v1', fail_msg: old}", "w1", "old"),
        ("fail: {msg: '{{ release }} is none'}, when: release != 'v1'", "w1", "v2 is none"),
        ("fail: {msg: never}", "w1, w2, d1", "never"),
        ("fail: {msg: never}, run_once: true", "w1", "never"),
    ],
)
def test_what_a_playbook_refuses_itself(tmp_path: Path, check: str, hosts: str, says: str) -> None:
    tasks = f"    - {{name: check, {check}}}\n    - bundle_artifact: {{name: a, version: v1}}\n"
    with pytest.raises(RefusedError) as caught:
        of(tmp_path, tasks)
    (one,) = caught.value.diagnostics
    assert (one.message, one.span.line, caught.value.exit_code) == (says, 4, 2)
    assert one.notes == (f"`check` fails on {hosts}: an apply with these variables ends there",)


def test_a_value_that_runs_once_is_everybodys(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        "    - {set_fact: {chosen: v7}, run_once: true}\n"
        "    - bundle_artifact: {name: a, version: '{{ chosen }}'}\n",
    )
    assert rows(found) == [("a", "v7", ("w1", "w2", "d1"))]


def test_who_reads_the_bundle_by_its_paths(tmp_path: Path) -> None:
    role = "roles/r/defaults/main.yml"
    found = of(
        tmp_path,
        "    - import_role: {name: r}\n"
        "    - bundle_artifact: {name: a, version: v1, bundle: '{{ kplay_bundle }}'}\n"
        "    - debug: {msg: '{{ kplay_bundle }}'}\n",
        {
            role: "mine: '{{ kplay_bundle }}/bin'\n",
            "roles/r/tasks/main.yml": "- copy: {src: '{{ mine }}/tool', dest: /t}\n"
            "- copy: {src: '{{ mine }}/tool', dest: /t}\n  when: false\n",
        },
    )
    assert [(span.file, span.line) for span in found.by_path] == [
        (f"{tmp_path}/roles/r/tasks/main.yml", 1)
    ]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("name: '{{ said.stdout }}', version: v1", "only the run can tell the name"),
        ("name: a, version: '{{ said.stdout }}'", "only the run can tell the version"),
        ("name: a, version: '{{ nothing }}'", "`nothing` is undefined"),
    ],
)
def test_what_only_the_run_can_tell_says_what_to_set(
    tmp_path: Path, argument: str, message: str
) -> None:
    files = {
        "roles/r/defaults/main.yml": "app_version: ''\nother: 1\n",
        "roles/r/tasks/main.yml": "- {name: ask, command: v, register: said}\n"
        f"- name: bring\n  bundle_artifact: {{{argument}}}\n",
    }
    with pytest.raises(InputError) as caught:
        of(tmp_path, "    - import_role: {name: r}\n", files)
    (one,) = caught.value.diagnostics
    assert message in one.message
    assert one.span is not None
    assert (one.span.file, one.span.line) == (f"{tmp_path}/roles/r/tasks/main.yml", 3)
    assert one.help == ("set it: `-e app_version=VERSION`",)


def test_includes_of_which_only_the_run_can_tell(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        "    - {name: ask, command: v, register: said}\n"
        "    - {name: more, include_tasks: '{{ said.stdout }}.yml'}\n",
    )
    (note,) = found.notes
    assert note.startswith(f"{tmp_path}/site.yml:5:20: only the run can tell what `more` includes")
    assert "`ask`" in note


def test_hosts_that_a_task_brings_are_not_foreseen_and_told(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        "    - {name: grow, add_host: {name: h9, groups: late}}\n"
        "    - {name: never, group_by: {key: late}, when: false}\n",
    )
    assert found.notes == [
        f"{tmp_path}/site.yml:4:20: what hosts that `grow` brings take is not in the list"
    ]


def test_a_misspelt_variable_stands_beside_the_version_that_is_open_for_it(tmp_path: Path) -> None:
    task = "    - {bundle_artifact: {name: a, version: '{{ tool_version }}'}}\n"
    files = {"group_vars/all.yml": "tool_version: '{{ seen.stdout }}'\n"}
    tasks = "    - {command: id, register: seen}\n" + task
    with pytest.raises(InputError) as caught:
        of(tmp_path, tasks, files, tool_verson="v1")
    first, *rest = caught.value.diagnostics
    assert (first.code, first.severity) == ("unread-variable", "warning")
    assert first.help == ("did you mean `tool_version`?",)
    assert [one.code for one in rest] == ["unknown-artifact"]


def test_a_version_that_follows_others_is_no_hint_where_one_of_its_own_is(tmp_path: Path) -> None:
    defaults = "a_version: \"{{ own_version }}\"\nz_version: ''\nnote: x\n"
    task = '- bundle_artifact: {name: a, version: "{{ seen.stdout }}"}\n'
    files = {"roles/r/defaults/main.yml": defaults, "roles/r/tasks/main.yml": task}
    tasks = "    - {command: id, register: seen}\n    - import_role: {name: r}\n"
    with pytest.raises(InputError) as caught:
        of(tmp_path, tasks, files)
    assert caught.value.diagnostics[0].help == ("set it: `-e z_version=VERSION`",)
    files["roles/r/defaults/main.yml"] = 'a_version: "{{ own_version }}"\n'
    with pytest.raises(InputError) as caught:
        of(tmp_path, tasks, files)
    assert caught.value.diagnostics[0].help == ("set it: `-e a_version=VERSION`",)
