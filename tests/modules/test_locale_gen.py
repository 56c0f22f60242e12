from __future__ import annotations

from kplay.modules.locale_gen import module, plain
from kplay.testing import FakeHost, plan, play

FILE = "/etc/locale.gen"
TEXT = "# Locales to be built.\n# de_DE.UTF-8 UTF-8\n# de_CH ISO-8859-1\n"


def host(text: str = TEXT) -> FakeHost:
    """A host whose locale-gen makes what the file says."""
    there = FakeHost(files={FILE: text, "/usr/share/i18n/SUPPORTED": "sr_RS@latin UTF-8\n"})
    made = ["C", "C.utf8", "POSIX"]

    def makes(on: FakeHost, _argv: object) -> str:
        lines = [line.split()[0] for line in on.text(FILE).splitlines() if line[0] != "#"]
        made[3:] = [plain(line) for line in lines]
        return ""

    there.when("locale -a", does=lambda *_: "\n".join(made) + "\n")
    return there.when("locale-gen", does=makes)


def test_a_locale_is_made_once() -> None:
    there = host()
    args = {"name": "de_DE.UTF-8"}
    assert plan(module, args, there).action == "create"
    done = play(module, args, there)
    assert (done.changed, done["mechanism"]) == (True, "glibc")
    assert there.text(FILE) == TEXT.replace("# de_DE", "de_DE")
    assert plan(module, {"name": "de_DE.utf8"}, there).action == "none"


def test_several_and_one_that_the_file_lacks() -> None:
    there = host()
    args = {"name": ["de_CH", "sr_RS@latin"]}
    assert play(module, args, there).changed
    assert there.text(FILE).endswith("de_CH ISO-8859-1\nsr_RS@latin UTF-8\n")
    assert not play(module, args, there).changed


def test_a_locale_goes() -> None:
    there = host()
    play(module, {"name": "de_DE.UTF-8"}, there)
    gone = {"name": "de_DE.UTF-8", "state": "absent"}
    assert plan(module, gone, there).action == "remove"
    assert play(module, gone, there).changed
    assert there.text(FILE) == TEXT
    assert not play(module, gone, there).changed


def test_a_plan_knows_of_the_steps_before() -> None:
    there = host()
    for kind, key, value in plan(module, {"name": "de_DE.UTF-8"}, there).effects:
        there.effects[kind, key] = value
    assert plan(module, {"name": "de_DE.UTF-8"}, there).action == "none"


def test_what_cannot_be() -> None:
    assert "not available" in play(module, {"name": "xx_XX"}, host()).msg
    assert "Is the package" in play(module, {"name": "de_CH"}, FakeHost()).msg
    broken = host().when("locale-gen", rc=1, stderr="no\n")
    assert play(module, {"name": "de_CH"}, broken).msg == "locale-gen: no"
