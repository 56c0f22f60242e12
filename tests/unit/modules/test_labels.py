from __future__ import annotations

import io
import zipfile

import pytest

from kplay.agent.host import Completed
from kplay.modules import catalog
from kplay.modules.file import module as file
from kplay.testing import FakeHost, plan, play

ENFORCE = "/sys/fs/selinux/enforce"
LABEL = "system_u:object_r:etc_t:s0"


def host(
    label: str = LABEL, flags: str = "--------------e-------", enforce: bool = True
) -> FakeHost:
    """A host with one file, whose label and attributes chcon and chattr change."""
    there = FakeHost(files={"/f": "x", **({ENFORCE: "1"} if enforce else {})})
    kept = {"label": label.split(":"), "flags": set(flags) - {"-"}}

    def chcon(_on: FakeHost, argv: object) -> str:
        words = list(argv)[1:-1]  # type: ignore[call-overload]
        for option, value in zip(words[::2], words[1::2], strict=True):
            kept["label"][["-u", "-r", "-t", "-l"].index(option)] = value  # type: ignore[index]
        return ""

    def chattr(_on: FakeHost, argv: object) -> str:
        for word in list(argv)[1:-1]:  # type: ignore[call-overload]
            change = kept["flags"].update if word[0] == "+" else kept["flags"].difference_update  # type: ignore[union-attr]
            change(word[1:])
        return ""

    there.when("stat -c %C", does=lambda *_: ":".join(kept["label"]) + "\n")
    there.when("lsattr -d", does=lambda *_: "-" + "".join(sorted(kept["flags"])) + "- /f\n")
    there.when("matchpathcon", stdout="system_u:object_r:default_t:s0\n")
    return there.when("chcon", does=chcon).when("chattr", does=chattr)


def lines(there: FakeHost) -> list[str]:
    return [" ".join(run.argv) for run in there.runs]


@pytest.mark.parametrize(
    ("args", "line"),
    [
        ({"setype": "bin_t"}, "chcon -t bin_t /f"),
        ({"seuser": "root", "serole": "r", "selevel": "s1"}, "chcon -u root -r r -l s1 /f"),
        ({"setype": "_default"}, "chcon -t default_t /f"),
        ({"attributes": "+i"}, "chattr +i /f"),
        ({"attr": "=ai"}, "chattr +ai -e /f"),
    ],
)
def test_they_are_set_once(args: dict[str, object], line: str) -> None:
    there = host()
    whole = {"path": "/f", **args}
    assert plan(file, whole, there).action == "update"
    assert play(file, whole, there).changed
    assert lines(there) == [line]
    assert plan(file, whole, there).action == "none"


def test_what_is_so_already() -> None:
    there = host(flags="---i---e---")
    args = {"path": "/f", "setype": "etc_t", "attributes": "ie"}
    assert plan(file, args, there).action == "none"
    assert play(file, {"path": "/f", "attributes": "-i"}, there).changed
    assert lines(there) == ["chattr -i /f"]


def test_labels_mean_nothing_without_selinux() -> None:
    there = host(enforce=False)
    assert not play(file, {"path": "/f", "setype": "bin_t"}, there).changed


def test_failures() -> None:
    there = host().when("chcon", does=lambda *_: Completed(1, "", "invalid context\n"))
    assert play(file, {"path": "/f", "setype": "x"}, there).msg == "chcon failed: invalid context"
    assert "letters of chattr" in play(file, {"path": "/f", "attributes": "%"}, host()).msg


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as whole:
        whole.writestr("f", "new")
    return out.getvalue()


PLACING = {
    "archive": {"path": "/src", "dest": "/f"},
    "blockinfile": {"path": "/f", "block": "y"},
    "copy": {"content": "y", "dest": "/f"},
    "file": {"path": "/f", "mode": "0600"},
    "get_url": {"url": "file:///src", "dest": "/f", "force": True},
    "ini_file": {"path": "/f", "section": "a", "option": "b", "value": "c"},
    "lineinfile": {"path": "/f", "line": "y"},
    "replace": {"path": "/f", "regexp": "x", "replace": "y"},
    "unarchive": {"src": "/f.zip", "dest": "/", "remote_src": True},
    "uri": {"url": "http://host/", "dest": "/f"},
    "yum_repository": {"name": "f", "reposdir": "/", "description": "d", "baseurl": "u"},
}


@pytest.mark.parametrize("name", sorted(PLACING))
def test_every_module_that_makes_a_file_sets_them(name: str) -> None:
    there = host()
    there.add_file("/src", "y")
    there.add_file("/f.zip", zipped())
    there.serve("http://host/", "y")
    module = catalog.find(name)
    assert module is not None
    args = {**PLACING[name], "setype": "bin_t", "attributes": "+a"}
    assert play(module, args, there).changed
    told = [line.split()[:3] for line in lines(there)]
    assert ["chcon", "-t", "bin_t"] in told
    assert ["chattr", "+a"] in [one[:2] for one in told]


@pytest.mark.parametrize("name", sorted(PLACING))
def test_a_file_is_replaced_whole_where_it_need_not_be(name: str) -> None:
    """The agent writes in place only where a mount cannot be renamed over, and then always."""
    states = []
    for unsafe_writes in (True, False):
        there = host()
        there.add_file("/src", "y")
        there.add_file("/f.zip", zipped())
        there.serve("http://host/", "y")
        module = catalog.find(name)
        assert module is not None
        before = there.state()
        done = play(module, {**PLACING[name], "unsafe_writes": unsafe_writes}, there)
        assert not done.failed, done.msg
        states.append(there.state())
        assert states[-1] != before
    assert states[0] == states[1]
