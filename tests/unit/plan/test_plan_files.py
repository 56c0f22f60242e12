"""Plan files through the command line, on the controller itself: made, shown, applied, refused."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import kplay.plan
from kplay.cli.main import main
from kplay.plan import inputs

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = json.loads((Path(kplay.plan.__file__).parent / "schema.json").read_text())
HEAD = """\
- hosts: h
  gather_facts: false
  vars: {out: "{{ lookup('env', 'KPLAY_TEST_OUT') }}"}
"""
SITE = """\
- hosts: h
  gather_facts: false
  vars: {out: "{{ lookup('env', 'KPLAY_TEST_OUT') }}"}
  tasks:
    - {name: folder, file: {path: "{{ out }}", state: directory, mode: "0750"}}
    - {name: conf, template: {src: conf.j2, dest: "{{ out }}/conf"}, notify: heard}
    - {name: kept, copy: {content: "kept\\n", dest: "{{ out }}/kept"}}
    - {name: names, command: echo one two, register: names}
    - name: named
      copy: {content: x, dest: "{{ out }}/{{ item }}"}
      loop: "{{ names.stdout.split() }}"
    - {name: line, lineinfile: {path: "{{ out }}/conf", line: last}}
  handlers:
    - {name: heard, copy: {content: "heard\\n", dest: "{{ out }}/heard"}}
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / "group_vars").mkdir(parents=True)
    (folder / "templates").mkdir()
    (folder / "hosts").write_text("h ansible_connection=local\n")
    (folder / "group_vars/all.yml").write_text("colour: blue\n")
    (folder / "templates/conf.j2").write_text("colour = {{ colour }}\n")
    (folder / "site.yml").write_text(SITE)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("KPLAY_TEST_OUT", str(tmp_path / "out"))
    return tmp_path


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a verb that must end with a code; gives what it said."""

    def run(code: int, *argv: str) -> str:
        capsys.readouterr()
        assert main(list(argv)) == code, "".join(capsys.readouterr())
        return "".join(capsys.readouterr())

    return run


PLAN = ("plan", "-i", "hosts", "site.yml", "-o", "p.json")


def table(path: str = "p.json") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(path).read_text())
    jsonschema.validate(found, SCHEMA)
    return found


def test_the_schema_itself_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_plan_is_kept_shown_and_applied_exactly(site: Path, said: Callable[..., str]) -> None:
    planned = said(0, *PLAN)
    made = table()
    assert Path("p.json").stat().st_mode & 0o777 == 0o600
    assert sorted(made["inputs"]["files"]) == [
        "group_vars/all.yml", "hosts", "site.yml", "templates/conf.j2",
    ]  # fmt: skip
    assert made["open"] == ["0.4@h"]
    assert "planned 20" in said(0, "show", "p.json")
    text = said(0, "apply", "p.json")
    assert "changed   h: named (one) (the plan could not tell)" in text
    assert "changed   h: conf\n" in text
    assert sorted(path.name for path in (site / "out").iterdir()) == [
        "conf", "heard", "kept", "one", "two",
    ]  # fmt: skip
    assert planned.rstrip().endswith("on 1 host")
    (run,) = Path(".kplay/runs").iterdir()
    about = json.loads((run / "run.json").read_text())
    assert about["plan"] == {"file": "p.json", "digest": inputs.plain(Path("p.json"))}
    assert (run / "plan.json").read_bytes() == Path("p.json").read_bytes()


def test_show_prints_the_plan_without_the_project(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for form in (["-D"], ["--format", "json"], []):
        assert main([*PLAN, *form]) == 0
        planned = capsys.readouterr().out
        elsewhere = site / f"elsewhere{len(form)}"
        elsewhere.mkdir()
        shutil.move("p.json", elsewhere / "p.json")
        with monkeypatch.context() as there:
            there.chdir(elsewhere)
            assert main(["show", "p.json", *form]) == 0
        shown = capsys.readouterr().out
        if form[:1] == ["--format"]:
            assert json.loads(shown)["summary"] == json.loads(planned)["summary"]
        else:
            assert shown == planned


def test_it_is_applied_from_another_clone(
    site: Path, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory, playbook = str(Path("hosts").absolute()), str(Path("site.yml").absolute())
    said(0, "plan", "-i", inventory, playbook, "-o", "p.json")
    assert str(site) not in json.dumps({**table(), "plan": 0, "calls": 0})
    shutil.copytree("../project", "../clone")
    monkeypatch.chdir("../clone")
    said(0, "apply", "p.json")
    assert (site / "out/conf").read_text() == "colour = blue\nlast\n"


def test_what_differs_on_the_host_stops_it(site: Path, said: Callable[..., str]) -> None:
    said(0, "run", "-i", "hosts", "site.yml")
    (site / "out/conf").write_text("colour = red\nlast\n")
    said(0, *PLAN)
    (site / "out/conf").write_text("colour = green\nlast\n")
    text = said(7, "apply", "p.json")
    assert "error[drifted]: conf: not as planned, not run" in text
    assert "--> site.yml:6:7" in text
    assert " = content: planned" not in text
    assert "-colour = green" in text
    assert (site / "out/conf").read_text() == "colour = green\nlast\n"
    text = said(0, "apply", "p.json", "--accept-drift")
    assert "warning[drifted]: conf: not as planned, goes on with what is found" in text
    assert "changed   h: conf (not as planned, and accepted)" in text
    assert (site / "out/conf").read_text() == "colour = blue\nlast\n"


def test_a_mode_that_differs_is_told_by_its_values(site: Path, said: Callable[..., str]) -> None:
    said(0, "run", "-i", "hosts", "site.yml")
    (site / "out").chmod(0o700)
    said(0, *PLAN)
    (site / "out").chmod(0o711)
    assert " = mode: planned 0700 -> 0750, found 0711 -> 0750" in said(7, "apply", "p.json")
    (site / "out").chmod(0o750)
    text = said(7, "apply", "p.json")
    assert " = found: no change" in text


def test_no_change_that_would_be_one_now(site: Path, said: Callable[..., str]) -> None:
    said(0, "run", "-i", "hosts", "site.yml")
    said(0, *PLAN)
    (site / "out/kept").write_text("other\n")
    text = said(7, "apply", "p.json")
    assert "error[drifted]: kept: not as planned" in text
    assert " = planned: no change" in text
    assert (site / "out/kept").read_text() == "other\n"


def test_what_a_command_may_have_done_is_told(site: Path, said: Callable[..., str]) -> None:
    Path("site.yml").write_text(
        f"{HEAD}  tasks:\n"
        "    - {name: makes, command: 'sh makes.sh'}\n"
        "    - {name: the same, file: {path: '{{ out }}', state: directory}}\n"
        "    - {name: gone, file: {path: '{{ out }}/in', state: absent}}\n"
    )
    # What its words name is in doubt anyway; these do not
    Path("makes.sh").write_text(f"mkdir -p {site}/out/in\n")
    said(0, *PLAN)
    text = said(7, "apply", "p.json")
    assert "error[drifted]: gone: not as planned, not run" in text
    assert " = note: behind `makes`, of which a plan cannot tell what it does" in text
    assert (site / "out/in").is_dir()
    assert "the same: not as planned" not in text
    said(0, "resume", "--accept-drift")


def test_a_rescue_is_in_no_plan(site: Path, said: Callable[..., str]) -> None:
    Path("site.yml").write_text(
        f"{HEAD}  tasks:\n"
        "    - block:\n"
        "        - {name: fails, command: 'false'}\n"
        "      rescue:\n"
        "        - {name: saves, copy: {content: x, dest: '{{ out }}'}}\n"
    )
    said(0, *PLAN)
    text = said(7, "apply", "p.json")
    assert "saves: not as planned, not run" in text
    assert not (site / "out").exists()
    assert "changed   h: saves (not as planned, and accepted)" in said(
        0, "resume", "--accept-drift"
    )
    assert (site / "out").read_text() == "x"


def test_a_stopped_run_is_resumed_under_its_plan(site: Path, said: Callable[..., str]) -> None:
    said(0, "run", "-i", "hosts", "site.yml")
    (site / "out/conf").write_text("colour = red\nlast\n")
    said(0, *PLAN)
    (site / "out/kept").write_text("other\n")
    text = said(7, "apply", "p.json")
    assert "changed   h: conf\n" in text
    assert "kept: not as planned, not run" in text
    Path("p.json").unlink()
    assert "kept: not as planned, not run" in said(7, "resume")
    assert (site / "out/kept").read_text() == "other\n"
    text = said(0, "resume", "--accept-drift")
    assert "kept: not as planned, goes on" in text
    assert "conf: not as planned" not in text
    assert (site / "out/kept").read_text() == "kept\n"


def test_changed_files_are_refused_before_anything_is_done(
    site: Path, said: Callable[..., str]
) -> None:
    said(0, *PLAN)
    old = table()["inputs"]["files"]["templates/conf.j2"]
    Path("templates/conf.j2").write_text("colour: {{ colour }}\n")
    Path("group_vars/all.yml").unlink()
    text = said(7, "apply", "p.json", "--accept-drift")
    new = inputs.plain(Path("templates/conf.j2"))
    assert f"  templates/conf.j2: planned {old[:19]}, now sha256:{new[:12]}\n" in text
    assert "group_vars/all.yml: planned sha256:" in text
    assert ", now gone" in text
    assert not (site / "out").exists()


def test_new_variables_are_refused(site: Path, said: Callable[..., str]) -> None:
    said(0, *PLAN)
    Path("host_vars").mkdir()
    Path("host_vars/h.yml").write_text("colour: red\n")
    assert "host_vars/h.yml: new since the plan" in said(7, "apply", "p.json")


def test_what_an_inventory_program_says_is_part_of_it(
    site: Path, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("hosts").unlink()
    program = Path("hosts")
    program.write_text(
        '#!/bin/sh\necho \'{"g": {"hosts": ["h"]}, "_meta": {"hostvars": {"h":'
        ' {"ansible_connection": "local", "said": "\'$SAID\'"}}}}\'\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("SAID", "one")
    said(0, *PLAN)
    monkeypatch.setenv("SAID", "two")
    assert "the inventory changed since the plan was made" in said(7, "apply", "p.json")
    monkeypatch.setenv("SAID", "one")
    said(0, "apply", "p.json")


def test_settings_are_part_of_it(
    site: Path, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said(0, *PLAN)
    monkeypatch.setenv("ANSIBLE_BECOME_USER", "nobody")
    assert "become_user: now by ANSIBLE_BECOME_USER" in said(7, "apply", "p.json")


def test_another_kplay_is_refused(
    site: Path, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said(0, *PLAN)
    monkeypatch.setattr(inputs, "of_kplay", lambda: "f" * 64)
    assert "kplay itself changed since the plan" in said(7, "apply", "p.json")
    assert "plan: " in said(0, "show", "p.json")


def test_a_plan_that_lacks_a_host_is_kept_and_not_applied(
    site: Path, said: Callable[..., str]
) -> None:
    Path("hosts").write_text(
        "h ansible_connection=local\nx ansible_host=127.0.0.1 ansible_port=1\n"
    )
    Path("site.yml").write_text(SITE.replace("hosts: h", "hosts: all"))
    said(4, *PLAN)
    assert "incomplete, for lack of x" in said(0, "show", "p.json")
    text = said(1, "apply", "p.json")
    assert "error[incomplete-plan]: `p.json` is incomplete, for lack of x" in text
    assert not (site / "out").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-40], "error[bad-plan-file]: this is no whole plan file"),
        (lambda text: "[]", "error[bad-plan-file]: `p.json` is no plan file"),
        (lambda text: text.replace('"schema": 1', '"schema": 2'), "error[newer-plan-file]"),
        (lambda text: text.replace('"open"', '"closed"'), "`p.json` is damaged: `open` is missing"),
        (lambda text: text.replace('"calls": {', '"calls": [], "x": {'), "is no dict"),
        (lambda text: text.replace('"changes": [', '"changes": [3, '), "is damaged"),
        (lambda text: text.replace("= blue", "= red"), "is not as `kplay plan` wrote it"),
        (lambda text: text.replace('"limit": ""', '"limit": "h"'), "is not as `kplay plan` wrote"),
        (lambda text: text.replace('"digest"', '"sum"'), "is not as `kplay plan` wrote"),
    ],
)
def test_damaged_and_newer_files(
    site: Path, said: Callable[..., str], change: Callable[[str], str], message: str
) -> None:
    said(0, *PLAN)
    Path("p.json").write_text(change(Path("p.json").read_text()))
    assert message in said(1, "show", "p.json")


def test_a_plan_file_that_is_empty_or_not_there(site: Path, said: Callable[..., str]) -> None:
    Path("p.json").write_text("")
    assert "this is no whole plan file" in said(1, "apply", "p.json")
    Path("p.json").unlink()
    assert "cannot read `p.json`: No such file or directory" in said(1, "apply", "p.json")


def test_the_command_line_of_a_plan_is_its_own(site: Path, said: Callable[..., str]) -> None:
    said(0, *PLAN)
    assert "--limit, --tags: a plan file is applied with the options it was made with" in said(
        5, "apply", "p.json", "--limit", "h", "--tags", "x"
    )
    assert "a plan file is applied alone" in said(5, "apply", "p.json", "site.yml")
    assert "`--accept-drift` is for plan files" in said(
        5, "apply", "--yes", "-i", "hosts", "site.yml", "--accept-drift"
    )
    assert "--step" in said(5, *PLAN, "--step")


def test_a_plan_file_that_cannot_be_written(site: Path, said: Callable[..., str]) -> None:
    assert "cannot write the plan to `no/p.json`" in said(1, *PLAN[:-1], "no/p.json")
    assert [path.name for path in site.iterdir()] == ["project"]


def test_how_a_plan_file_is_laid_out_does_not_matter(site: Path, said: Callable[..., str]) -> None:
    said(0, *PLAN)
    Path("p.json").write_text(json.dumps(table(), indent=4, sort_keys=True, ensure_ascii=False))
    said(0, "apply", "p.json")


def test_a_plan_file_is_put_where_a_link_leads(site: Path, said: Callable[..., str]) -> None:
    Path("kept.json").write_text("old")
    Path("p.json").symlink_to("kept.json")
    said(0, *PLAN)
    assert Path("p.json").is_symlink()
    assert json.loads(Path("kept.json").read_text())["kind"] == "kplay plan"
    assert Path("kept.json").stat().st_mode & 0o777 == 0o600


def test_a_device_is_written_into_and_not_replaced(site: Path, said: Callable[..., str]) -> None:
    pipe = site / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        said(0, *PLAN[:-1], str(pipe))
        assert os.read(reader, 1 << 20).startswith(b"{")
        assert pipe.is_fifo()
    finally:
        os.close(reader)


def test_a_plan_applied_elsewhere_than_in_its_project(
    site: Path, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said(0, *PLAN)
    monkeypatch.chdir(site)
    text = said(7, "apply", "project/p.json")
    assert "its paths are relative to the folder that it was planned in" in text
