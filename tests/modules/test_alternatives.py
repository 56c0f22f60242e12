from __future__ import annotations

from kplay.modules.alternatives import module, parse
from kplay.testing import FakeHost, plan, play

DB = "/var/lib/dpkg/alternatives/editor"
TEXT = """\
auto
/usr/bin/editor
editor.1.gz
/usr/share/man/man1/editor.1.gz

/bin/ed
-100
/usr/share/man/man1/ed.1.gz
/bin/nano
40
/usr/share/man/man1/nano.1.gz

"""


def host(text: str = TEXT) -> FakeHost:
    there = FakeHost(
        files={DB: text, "/bin/ed": "", "/bin/nano": "", "/bin/vi": ""},
        links={"/etc/alternatives/editor": "/bin/nano"},
    )

    def select(on: FakeHost, argv: object) -> str:
        on.symlink(list(argv)[3], "/etc/alternatives/editor")  # type: ignore[call-overload]
        on.write(DB, on.text(DB).replace("auto\n", "manual\n").encode())
        return "using it\n"

    def install(on: FakeHost, argv: object) -> str:
        words = list(argv)[1:]  # type: ignore[call-overload]
        kept = on.text(DB).rstrip("\n")
        if words[3] not in kept:
            kept += f"\n{words[3]}\n{words[4]}\n{''.join(words[8:9])}"
        on.write(DB, (kept + "\n\n").encode())
        return ""

    def auto(on: FakeHost, _argv: object) -> str:
        on.write(DB, on.text(DB).replace("manual\n", "auto\n").encode())
        return ""

    def remove(on: FakeHost, argv: object) -> str:
        gone = f"{list(argv)[3]}\n-100\n/usr/share/man/man1/ed.1.gz\n"  # type: ignore[call-overload]
        on.write(DB, on.text(DB).replace(gone, "").encode())
        return ""

    there.when("update-alternatives --set", does=select)
    there.when("update-alternatives --install", does=install)
    there.when("update-alternatives --auto", does=auto)
    return there.when("update-alternatives --remove", does=remove)


def lines(there: FakeHost) -> list[str]:
    return [" ".join(run.argv[1:]) for run in there.runs]


def test_the_database_is_read() -> None:
    group = parse(TEXT)
    assert (group.manual, group.link) == (False, "/usr/bin/editor")
    assert group.choices["/bin/ed"].priority == -100
    assert group.choices["/bin/nano"].slaves == {"editor.1.gz": "/usr/share/man/man1/nano.1.gz"}
    rhel = parse("auto\n/usr/bin/java\n\n/jre/bin/java\n@java-17@17000\n")
    assert rhel.choices["/jre/bin/java"][1:3] == (17000, "java-17")


def test_a_choice_is_selected_once() -> None:
    there = host()
    args = {"name": "editor", "path": "/bin/ed"}
    planned = plan(module, args, there)
    assert planned.action == "update"
    assert ("path", "/etc/alternatives/editor", {"state": "link", "target": "/bin/ed"}) in (
        planned.effects
    )
    assert play(module, args, there).changed
    assert lines(there) == ["--set editor /bin/ed"]
    assert plan(module, args, there).action == "none"
    assert not play(module, {"name": "editor", "path": "/bin/ed"}, there).changed


def test_a_new_choice_is_installed_and_selected() -> None:
    there = host()
    args = {"name": "editor", "path": "/bin/vi", "link": "/usr/bin/editor"}
    assert plan(module, args, there).action == "create"
    assert play(module, args, there).changed
    assert lines(there) == ["--install /usr/bin/editor editor /bin/vi 50", "--set editor /bin/vi"]
    assert not play(module, args, there).changed


def test_present_leaves_the_selection_alone() -> None:
    there = host()
    slave = {"name": "editor.1.gz", "link": "/usr/share/man/man1/editor.1.gz", "path": "/m/vi"}
    args = {"name": "editor", "path": "/bin/vi", "state": "present", "priority": 7}
    assert play(module, {**args, "subcommands": [slave]}, there).changed
    slave_words = "--slave /usr/share/man/man1/editor.1.gz editor.1.gz /m/vi"
    assert lines(there) == [f"--install /usr/bin/editor editor /bin/vi 7 {slave_words}"]
    assert not play(module, {**args, "slaves": [slave]}, there).changed


def test_back_to_the_best() -> None:
    there = host(TEXT.replace("auto", "manual"))
    assert play(module, {"name": "editor", "state": "auto"}, there).changed
    assert lines(there) == ["--auto editor"]
    assert not play(module, {"name": "editor", "state": "auto"}, there).changed


def test_a_choice_goes() -> None:
    there = host()
    args = {"name": "editor", "path": "/bin/ed", "state": "absent"}
    assert plan(module, args, there).action == "remove"
    assert play(module, args, there).changed
    assert not play(module, args, there).changed


def test_what_cannot_be() -> None:
    there = host()
    assert "does not exist" in play(module, {"name": "editor", "path": "/no"}, there).msg
    assert "missing: path" in play(module, {"name": "editor"}, there).msg
    assert "missing the link" in play(module, {"name": "new", "path": "/bin/ed"}, there).msg
    assert "no program" in plan(module, {"name": "x", "path": "/bin/ed"}, FakeHost()).unknown
    failing = host().when("update-alternatives --set", rc=2, stderr="error: no\n")
    assert play(module, {"name": "editor", "path": "/bin/ed"}, failing).msg == "error: no"


def test_a_family() -> None:
    there = host()
    args = {"name": "editor", "path": "/bin/vi", "state": "present", "family": "f"}
    play(module, args, there)
    assert "--family f" in lines(there)[0]
