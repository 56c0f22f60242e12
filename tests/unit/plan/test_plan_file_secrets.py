"""No secret stands in a plan file, however it comes into a playbook; and applying still tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

import kplay.plan
from kplay import asking
from kplay.cli.main import main
from kplay.vault import envelope

if TYPE_CHECKING:
    from collections.abc import Callable

SECRETS = {
    "vaulted": "hush-vaulted",
    "file": "hush-in-a-file",
    "lines": "hush lines of a file",
    "silent": "hush-no-log",
    "password": "hush-parameter",
    "extra": "hush-extra",
    "extra_file": "hush-extra-file",
    "prompted": "hush-prompted",
    "connection": "hush-become",
}
SCHEMA = json.loads((Path(kplay.plan.__file__).parent / "schema.json").read_text())
SITE = """\
- hosts: h
  gather_facts: false
  vars_files: [sealed.yml]
  vars_prompt: [{name: prompted, prompt: secret}, {name: shown, private: false}]
  tasks:
    - {name: vaulted, copy: {content: "{{ vaulted }}", dest: "{{ playbook_dir }}/1"}}
    - {name: of a file, copy: {content: "{{ file }}", dest: "{{ playbook_dir }}/2"}}
    - {name: sealed lines, copy: {src: sealed.txt, dest: "{{ playbook_dir }}/3"}}
    - name: silent
      copy: {content: "hush-no-log", dest: "{{ playbook_dir }}/4"}
      no_log: true
    - name: parameter
      get_url: {url: "file:///dev/null", dest: "{{ playbook_dir }}/5", url_username: u,
                url_password: "{{ ['hush', 'parameter'] | join('-') }}"}
    - {name: extra, copy: {content: "{{ db_password }}", dest: "{{ playbook_dir }}/6"}}
    - {name: extra file, copy: {content: "{{ from_extra }}", dest: "{{ playbook_dir }}/7"}}
    - {name: prompted, copy: {content: "{{ prompted }} {{ shown }}", dest: "{{ playbook_dir }}/8"}}
    - {name: command, command: "echo {{ vaulted }} {{ prompted }}"}
    - name: many
      copy: {content: "{{ item }}", dest: "{{ playbook_dir }}/9"}
      loop: ["{{ file }}"]
    - {name: short, copy: {content: "{{ pin }}", dest: "{{ playbook_dir }}/10"}}
"""


def sealed(text: str) -> str:
    return envelope.seal(text.encode(), b"pw", "")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    inner = sealed(SECRETS["vaulted"]).replace("\n", "\n  ")
    pin = sealed("4711903866").replace("\n", "\n  ")
    (tmp_path / "hosts").write_text("h ansible_connection=local\n")
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "host_vars/h.yml").write_text(
        f"vaulted: !vault |\n  {inner}\npin: !vault |\n  {pin}\n"
        f"ansible_become_password: {SECRETS['connection']}\n"
    )
    (tmp_path / "sealed.yml").write_text(sealed(f"file: {SECRETS['file']}\n"))
    (tmp_path / "sealed.txt").write_text(sealed(f"{SECRETS['lines']}\n"))
    (tmp_path / "extra.yml").write_text(sealed(f"from_extra: {SECRETS['extra_file']}\n"))
    (tmp_path / "site.yml").write_text(SITE)
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars/all.yml").write_text(f"once: it was {SECRETS['vaulted']}\n")
    (tmp_path / "pw").write_text("pw\n")
    monkeypatch.setattr(asking, "at_terminal", lambda: True)
    monkeypatch.setattr(asking, "hidden", lambda _: SECRETS["prompted"])
    monkeypatch.setattr(asking, "shown", lambda _: "told")
    return tmp_path


ASKED = (
    "-i", "hosts", "--vault-password-file", "pw", "-e", f"db_password={SECRETS['extra']}",
    "-e", "@extra.yml", "site.yml",
)  # fmt: skip


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(code: int, *argv: str) -> str:
        capsys.readouterr()
        assert main(list(argv)) == code, "".join(capsys.readouterr())
        text = "".join(capsys.readouterr())
        assert [word for word in SECRETS.values() if word in text] == []
        return text

    return run


def test_none_stands_in_it_and_the_file_is_whole(site: Path, said: Callable[..., str]) -> None:
    said(0, "plan", *ASKED, "-o", "p.json")
    text = Path("p.json").read_text()
    assert [word for word in (*SECRETS.values(), "4711903866") if word in text] == []
    made = json.loads(text)
    jsonschema.validate(made, SCHEMA)
    hidden = [name for name, call in made["calls"].items() if "hidden" in call]
    assert [name.partition("@")[0] for name in hidden] == [
        "0.0", "0.1", "0.2", "0.3", "0.5", "0.6", "0.7", "0.8", "0.9", "0.10",
    ]  # fmt: skip
    assert made["options"]["extra_vars"] == [
        {"withheld": ["db_password"], "digest": made["options"]["extra_vars"][0]["digest"]},
        {"text": "@extra.yml"},
    ]
    assert "pw" not in made["inputs"]["files"]
    assert made["inputs"]["files"]["site.yml"].startswith("sha256:")
    assert made["inputs"]["files"]["group_vars/all.yml"].startswith("pbkdf2:")
    assert made["answers"]["0:shown"] == {"text": "told"}
    said(0, "show", "-D", "p.json")


def test_turns_of_a_loop_under_no_log_have_no_names(site: Path, said: Callable[..., str]) -> None:
    Path("loop.yml").write_text(
        "- hosts: h\n  gather_facts: false\n  no_log: true\n  tasks:\n"
        "    - {name: w, copy: {content: x, dest: '/tmp/{{ item }}'}, loop: [hid1, hid2],\n"
        "       loop_control: {label: 'l-{{ item }}'}}\n"
        "    - {name: s, copy: {content: x, dest: /x}, loop: [hid1], when: item == 'no'}\n"
        "    - {name: c, command: echo, register: r}\n"
        "    - {name: u, copy: {content: x, dest: /x}, loop: [hid1], when: r.rc == 9}\n"
    )
    text = said(0, "plan", "-i", "hosts", "loop.yml", "-o", "p.json", "-v")
    assert "+ w (item 1, hidden by no_log)" in text
    assert "+ w (item 2, hidden by no_log)" in text
    assert "hid1" not in text + Path("p.json").read_text()
    for form in ("html", "markdown", "json"):
        assert "hid1" not in said(0, "show", "p.json", "--format", form)


def test_what_is_withheld_is_given_again(
    site: Path, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said(0, "plan", *ASKED, "-o", "p.json")
    text = said(5, "apply", "p.json")
    assert "the plan was made with `-e` for `db_password`, which plan files do not hold" in text
    assert "`db_password`: not what the plan was made with" in said(
        7, "apply", "p.json", "-e", "db_password=other"
    )
    given = ("apply", "p.json", "-e", f"db_password={SECRETS['extra']}")
    assert "`-e more`" in said(5, *given, "-e", "more=1")
    with monkeypatch.context() as other:
        other.setattr(asking, "hidden", lambda _: "something else")
        assert "`prompted`: not what was answered for the plan" in said(7, *given)
    assert not (site / "1").exists()
    said(0, *given)
    assert (site / "8").read_text() == f"{SECRETS['prompted']} told"
    assert (site / "10").read_text() == "4711903866"
    for path in (site / ".kplay/runs").rglob("*"):
        if path.is_file() and path.name != "run.json":
            assert [word for word in SECRETS.values() if word in path.read_text()] == []


def test_a_drift_of_what_is_hidden_tells_nothing_of_it(
    site: Path, said: Callable[..., str]
) -> None:
    (site / "1").write_text("old")
    said(0, "plan", *ASKED, "-o", "p.json")
    (site / "1").write_text("new")
    text = said(7, "apply", "p.json", "-e", f"db_password={SECRETS['extra']}")
    assert "vaulted: not as planned, not run" in text
    assert " = what is hidden of it differs" in text
    assert (site / "1").read_text() == "new"


@pytest.mark.parametrize(
    ("extra", "withheld"),
    [
        ("datastore=postgres://k3s:hidden@db:5432/k3s", True),
        ('{"proxy": {"http": "http://u:hidden@p:3128"}}', True),
        ('{"distribution_secret_config": {"etcd-s3-access-key": "hidden"}}', True),
        ("mirror=https://m.example:8443/a@b", False),
        ("secretary=x", False),
    ],
)
def test_variables_with_a_password_in_them_are_withheld(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extra: str, *, withheld: bool
):
    monkeypatch.chdir(tmp_path)
    Path("site.yml").write_text("- hosts: h\n  gather_facts: false\n  tasks: [{debug: {msg: a}}]\n")
    Path("hosts").write_text("h ansible_connection=local\n")
    assert main(["plan", "-i", "hosts", "site.yml", "-e", extra, "-o", "p.json"]) == 0
    (entry,) = json.loads(Path("p.json").read_text())["options"]["extra_vars"]
    assert ("withheld" in entry) == withheld
    assert "hidden" not in json.dumps(entry)
