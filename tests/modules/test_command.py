from typing import Any

import pytest

from kplay.agent.host import UnknownValue
from kplay.modules.api import UNKNOWN, Effect, ModuleFailure, compare
from kplay.modules.command import module
from kplay.testing.host import FakeHost


def through(host: FakeHost, **args: Any) -> Any:
    """Observe, desire and apply; the plan's action and the fields."""
    found = module.observe(host, args)
    wanted = module.desire(args, found)
    change = compare(module, found, wanted)
    if change.action == "none":
        return change.action, module.result(args, found, wanted, False)
    fields = module.result(args, found, wanted, True)
    return change.action, {**fields, **module.apply(host, args, found, wanted)}


def test_runs_without_a_shell() -> None:
    host = FakeHost().when("echo", stdout="a b z\n\n")
    action, fields = through(host, cmd="echo 'a b' z")
    assert action == "run"
    assert host.runs[-1].argv == ("echo", "a b", "z")
    assert host.runs[-1].shell == ""
    assert fields["cmd"] == ["echo", "a b", "z"]
    assert fields["stdout"] == "a b z"
    assert fields["stdout_lines"] == ["a b z"]
    assert (fields["rc"], fields["stderr"], fields["stderr_lines"]) == (0, "", [])
    assert fields["msg"] == ""
    assert fields["delta"].startswith("0:00:0")
    assert fields["start"] <= fields["end"]


def test_keeps_empty_lines_when_told() -> None:
    host = FakeHost().when("echo", stdout="a\n\n")
    assert through(host, cmd="echo", strip_empty_ends=False)[1]["stdout"] == "a\n\n"


def test_argv_is_taken_as_it_is() -> None:
    host = FakeHost().when("echo")
    through(host, argv=["echo", "a b", 3])
    assert host.runs[-1].argv == ("echo", "a b", "3")


def test_expands_only_variables_that_are_set() -> None:
    host = FakeHost().when("echo")
    _, fields = through(host, argv=["echo", "$HOME", "~", "~/x", "${NOPE}"])
    assert host.runs[-1].argv == ("echo", "/root", "/root", "/root/x", "${NOPE}")
    assert fields["cmd"] == ["echo", "$HOME", "~", "~/x", "${NOPE}"]


def test_expands_nothing_when_told() -> None:
    host = FakeHost().when("echo")
    through(host, cmd="echo $HOME", expand_argument_vars=False)
    assert host.runs[-1].argv == ("echo", "$HOME")


def test_creates_guards() -> None:
    host = FakeHost(files={"/etc/done": ""})
    action, fields = through(host, cmd="echo hi", creates="/etc/done")
    assert action == "none"
    assert fields["msg"] == "Did not run command since '/etc/done' exists"
    assert fields["stdout"] == "skipped, since /etc/done exists"
    assert fields["stdout_lines"] == ["skipped, since /etc/done exists"]
    assert (fields["rc"], fields["start"], fields["end"], fields["delta"]) == (0, None, None, None)
    assert fields["cmd"] == ["echo", "hi"]
    assert host.runs == []


def test_creates_may_be_a_pattern() -> None:
    host = FakeHost(files={"/etc/done.1": ""})
    assert through(host, cmd="echo hi", creates="/etc/done.*")[0] == "none"


def test_removes_guards() -> None:
    host = FakeHost()
    action, fields = through(host, cmd="echo hi", removes="/nope")
    assert action == "none"
    assert fields["msg"] == "Did not run command since '/nope' does not exist"


def test_guards_are_relative_to_chdir() -> None:
    host = FakeHost(files={"/srv/done": ""})
    assert through(host, cmd="echo hi", chdir="/srv", creates="done")[0] == "none"


def test_unless_guards_at_the_run() -> None:
    host = FakeHost().when("test -f /x", rc=0).when(["test -f /x"], rc=0).when("echo")
    action, fields = through(host, cmd="echo hi", unless="test -f /x")
    assert action == "run"
    assert fields["changed"] is False
    assert fields["stdout"] == "skipped, since `test -f /x` succeeds"
    assert [run.argv for run in host.runs] == [("test -f /x",)]


def test_unless_that_fails_lets_it_run() -> None:
    host = FakeHost().when(["false"], rc=1).when("echo", stdout="hi")
    assert through(host, cmd="echo hi", unless="false")[1]["stdout"] == "hi"


def test_foresees_what_it_creates() -> None:
    args = {"cmd": "x", "creates": "/etc/made"}
    found = module.observe(FakeHost(), args)
    effects = module.foresee(args, found, module.desire(args, found))
    assert effects == [Effect("path", "/etc/made", {"state": "file", "content": UNKNOWN})]
    assert module.foresee({"cmd": "x", "creates": "/etc/m*"}, found, {"cmd": "x"}) == []
    assert module.foresee(args, found, {}) == []


def test_a_status_other_than_0_fails() -> None:
    host = FakeHost().when("false", rc=3, stderr="no\n")
    with pytest.raises(ModuleFailure) as failed:
        through(host, cmd="false")
    assert failed.value.msg == "non-zero return code"
    assert failed.value.fields["rc"] == 3
    assert failed.value.fields["stderr_lines"] == ["no"]
    assert failed.value.fields["changed"] is True


def test_a_missing_program_fails_with_2() -> None:
    host = FakeHost().when("nosuch", rc=127)
    host.which = lambda program: ""
    with pytest.raises(ModuleFailure) as failed:
        through(host, cmd="nosuch x")
    assert failed.value.msg == "Error executing command."
    assert failed.value.fields["rc"] == 2
    assert failed.value.fields["cmd"] == "nosuch x"


def test_a_missing_directory_fails() -> None:
    with pytest.raises(ModuleFailure, match="Unable to change directory"):
        through(FakeHost(), cmd="ls", chdir="/nope")


@pytest.mark.parametrize("cmd", ["", "  ", "echo 'open"])
def test_refuses_what_is_no_command(cmd: Any) -> None:
    with pytest.raises(ModuleFailure):
        through(FakeHost(), cmd=cmd)


@pytest.mark.parametrize(("add", "sent"), [(True, "in\n"), (False, "in")])
def test_stdin(add: Any, sent: Any) -> None:
    host = FakeHost().when("cat")
    through(host, cmd="cat", stdin="in", stdin_add_newline=add)
    assert host.runs[-1].stdin == sent


def planning(host: FakeHost) -> FakeHost:
    host.scratch = lambda: True  # type: ignore[method-assign]
    return host


@pytest.mark.parametrize(("rc", "action"), [(0, "none"), (3, "run")])
def test_a_plan_asks_a_guard_that_only_reads(rc: int, action: str) -> None:
    host = planning(FakeHost().when("systemctl is-active web", rc=rc))
    args = {"cmd": "echo hi", "unless": "systemctl is-active web"}
    found = module.observe(host, args)
    assert compare(module, found, module.desire(args, found)).action == action


@pytest.mark.parametrize("unless", ["test -f /x && true", "launch"])
def test_a_plan_runs_no_other_guard(unless: str) -> None:
    def refuse(*_: Any) -> Any:
        raise ValueError

    host = planning(FakeHost())
    host.query = refuse  # type: ignore[method-assign]
    with pytest.raises(UnknownValue):
        through(host, cmd="echo hi", unless=unless)


def foreseen(**args: Any) -> dict[tuple[str, str], Any]:
    host = FakeHost()
    found = module.observe(host, args)
    effects = module.foresee(args, found, module.desire(args, found)) if module.foresee else []
    return {(one.kind, one.key): one.value for one in effects}


@pytest.mark.parametrize(
    ("cmd", "paths"),
    [
        ("tar -xzf /tmp/a.tgz -C /opt/tool", {"/tmp/a.tgz", "/opt/tool"}),
        ("sh -c 'echo x > /etc/x/y'", {"/etc/x/y"}),
        ("tar -xf a.tar -C /opt", set()),
        ("curl -o /opt/bin/x https://example.org/a/b", {"/opt/bin/x"}),
        ("sed -i s/a/b/ /etc/fstab", {"/etc/fstab"}),
        ("cat /etc/os-release", set()),
        ("grep -q x /etc/fstab", set()),
        ("kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes", set()),
    ],
)
def test_what_it_names_is_in_doubt_unless_it_only_reads(cmd: str, paths: set[str]) -> None:
    effects = foreseen(cmd=cmd)
    assert {key for kind, key in effects if kind == "touched"} == paths
    assert all(effects["touched", one]["removes"] is False for one in paths)


def test_a_cause_is_the_command_cut_short() -> None:
    text = "make-it /srv/x " + "and so on " * 20
    cause = foreseen(cmd=text)["touched", "/srv/x"]["cause"]
    assert cause.startswith("`make-it /srv/x and so on")
    assert len(cause) < 70


def test_what_it_may_remove() -> None:
    assert foreseen(cmd="sh -c 'cd /; rm -rf /opt/x/*'")["touched", "/opt/x"]["removes"] is True
    host_has = FakeHost(files={"/srv/a": ""})
    args = {"cmd": "finish", "removes": "/srv/a"}
    found = module.observe(host_has, args)
    (effect,) = module.foresee(args, found, module.desire(args, found)) if module.foresee else ()
    assert (effect.key, effect.value["removes"]) == ("/srv/a", True)


@pytest.mark.parametrize(
    ("cmd", "value"),
    [
        ("rm -rf /srv/a", {"state": "absent"}),
        ("mkdir -p /srv/a/", {"state": "directory"}),
        ("touch /srv/a", {"state": "file"}),
    ],
)
def test_the_plainest_programs_are_foreseen(cmd: str, value: dict[str, str]) -> None:
    assert foreseen(cmd=cmd)["path", "/srv/a"] == value
    assert ("path", "/srv/a*") not in foreseen(cmd=cmd + "*")
