from typing import Any

import pytest

from kplay.modules.api import ModuleFailure
from kplay.modules.shell import module
from kplay.testing.host import FakeHost


def through(host: FakeHost, **args: Any) -> Any:
    found = module.observe(host, args)
    wanted = module.desire(args, found)
    if not wanted:
        return module.result(args, found, wanted, False)
    return module.apply(host, args, found, wanted)


def test_runs_with_the_shell() -> None:
    script = "echo a | cat"
    host = FakeHost(dirs=["/srv"]).when([script], stdout="a\n")
    fields = through(host, cmd=script, chdir="/srv")
    assert host.runs[-1].argv == (script,)
    assert host.runs[-1].shell == "/bin/sh"
    assert host.runs[-1].cwd == "/srv"
    assert fields["cmd"] == script
    assert fields["stdout"] == "a"


def test_executable_names_the_shell() -> None:
    host = FakeHost().when(["set -o pipefail; x"])
    through(host, cmd="set -o pipefail; x", executable="/bin/bash")
    assert host.runs[-1].shell == "/bin/bash"


def test_fails_with_the_status() -> None:
    host = FakeHost().when(["exit 3"], rc=3)
    with pytest.raises(ModuleFailure) as failed:
        through(host, cmd="exit 3")
    assert failed.value.fields["rc"] == 3
    assert failed.value.fields["cmd"] == "exit 3"


def test_127_of_a_script_is_a_status_like_any_other() -> None:
    host = FakeHost().when(["nosuch"], rc=127, stderr="sh: 1: nosuch: not found\n")
    with pytest.raises(ModuleFailure, match="non-zero return code"):
        through(host, cmd="nosuch")


def test_creates_guards() -> None:
    host = FakeHost(files={"/etc/done": ""})
    fields = through(host, cmd="x > /etc/done", creates="/etc/done")
    assert fields["stdout"] == "skipped, since /etc/done exists"
    assert fields["cmd"] == "x > /etc/done"


@pytest.mark.parametrize(("rc", "ran"), [(0, ["test -f /x"]), (1, ["test -f /x", "make"])])
def test_unless_guards_at_the_run(rc: int, ran: list[str]) -> None:
    host = FakeHost().when(["test -f /x"], rc=rc).when(["make"], stdout="made\n")
    fields = through(host, cmd="make", unless="test -f /x")
    assert [run.argv[0] for run in host.runs] == ran
    said = "made" if rc else "skipped, since `test -f /x` succeeds"
    assert fields["stdout"] == said
    assert fields.get("changed", True) is bool(rc)
