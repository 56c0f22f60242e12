from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.ansible_cfg import AnsibleCfg, Value
from kplay.cli.main import main
from kplay.errors import ExitCode, InputError
from kplay.execute.options import RunOptions
from kplay.execute.retry import write_retry

if TYPE_CHECKING:
    from pathlib import Path

FAILS = """
- hosts: all
  gather_facts: false
  tasks:
    - {fail: {msg: no}, when: inventory_hostname in bad, vars: {bad: [b, c]}}
"""


def options(tmp_path: Path, **values: Any) -> RunOptions:
    cfg = AnsibleCfg(values={name: Value(value, "test") for name, value in values.items()})
    return RunOptions(playbooks=(tmp_path / "site.yml",), ansible_cfg=cfg)


def test_only_where_it_is_asked_for(tmp_path: Path):
    assert write_retry(options(tmp_path), ["b"]) is None
    assert write_retry(options(tmp_path, retry_files_enabled=True), []) is None
    path = write_retry(options(tmp_path, retry_files_enabled=True), ["c", "b"])
    assert path == tmp_path / "site.retry"
    assert path.read_text() == "b\nc\n"


def test_in_a_folder_of_its_own(tmp_path: Path):
    asked = options(tmp_path, retry_files_enabled=True, retry_files_save_path=tmp_path / "a" / "b")
    assert write_retry(asked, ["b"]) == tmp_path / "a" / "b" / "site.retry"
    (tmp_path / "file").write_text("")
    wrong = options(
        tmp_path, retry_files_enabled=True, retry_files_save_path=tmp_path / "file" / "x"
    )
    with pytest.raises(InputError, match="cannot write the retry file"):
        write_retry(wrong, ["b"])


def test_a_run_names_it_and_the_next_is_limited_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ansible.cfg").write_text("[defaults]\nretry_files_enabled = true\n")
    (tmp_path / "site.yml").write_text(FAILS)
    argv = ["run", "-i", "a,b,c", "site.yml"]
    assert main(argv) == ExitCode.STEP_FAILED
    assert f"--limit @{tmp_path}/site.retry" in capsys.readouterr().out
    assert main([*argv, "--limit", "@site.retry", "--list-hosts"]) == ExitCode.OK
    assert "hosts (2):\n      b\n      c\n" in capsys.readouterr().out
