from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.errors import InputError
from kplay.modules.script import module
from kplay.playbook.load import load
from kplay.testing import FakeHost, plan, play

if TYPE_CHECKING:
    from pathlib import Path


def test_a_script_is_written_run_and_gone() -> None:
    seen: list[str] = []

    def runs(on: FakeHost, argv: object) -> str:
        path = str(argv[0]).split(" ")[0]  # type: ignore[index]
        seen.append(on.text(path))
        return "done\n"

    there = FakeHost().when([], does=runs)
    args = {"cmd": "bin/setup.sh --all", "content": "#!/bin/sh\necho done\n"}
    assert plan(module, args, there).action == "run"
    done = play(module, args, there)
    assert seen == ["#!/bin/sh\necho done\n"]
    assert (done["rc"], done["stdout"]) == (0, "done\n")
    assert there.runs[0].argv[0].endswith("/setup.sh --all")


def test_an_interpreter_and_a_directory() -> None:
    there = FakeHost(dirs=["/srv"]).when([])
    args = {"cmd": "a.py", "content": "x", "executable": "python3", "chdir": "/srv"}
    play(module, args, there)
    assert there.runs[0].argv[0].startswith("python3 ")
    assert there.runs[0].cwd == "/srv"


def test_guards() -> None:
    there = FakeHost(files={"/etc/done": ""})
    args = {"cmd": "a.sh", "content": "x"}
    assert not play(module, {**args, "creates": "/etc/done"}, there).changed
    assert not play(module, {**args, "removes": "/etc/none"}, there).changed
    assert there.runs == []


def test_decrypt_is_no_argument_of_a_script(tmp_path: Path) -> None:
    play_file = tmp_path / "play.yml"
    play_file.write_text("- hosts: all\n  tasks:\n    - script: {cmd: a.sh, decrypt: false}\n")
    with pytest.raises(InputError, match="`decrypt` of `script` is not supported"):
        load([play_file])
