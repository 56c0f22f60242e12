"""Facts that a module of a library gives are defined by the task that calls it."""

from __future__ import annotations

from kplay.cli.main import main

MODULE = """
from ansible.module_utils.basic import AnsibleModule
AnsibleModule(argument_spec={}).exit_json(ansible_facts=dict(seen=1, %s))
"""
PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - {name: own, own: }
    - {name: reads, debug: {msg: "{{ seen }} {{ ansible_seen }} {{ nowhere }}"}}
"""


def test_facts_of_a_library_module_are_defined(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "library").mkdir()
    (tmp_path / "library/own.py").write_text(MODULE % "")
    (tmp_path / "play.yml").write_text(PLAY)
    main(["lint", "-i", "a,", "play.yml"])
    said = capsys.readouterr().out
    assert "`nowhere`" in said
    assert "seen" not in said.replace("{{ seen }} {{ ansible_seen }}", "")
