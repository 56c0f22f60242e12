from __future__ import annotations

import pytest

from kplay.agent.host import Response
from kplay.modules.authorized_key import module, parse
from kplay.testing import FakeHost, plan, play

FILE = "/home/bob/.ssh/authorized_keys"
ONE = "ssh-ed25519 AAAAone bob@one"
TWO = "ssh-rsa AAAAtwo bob@two"
BOUND = 'from="10.0.0.1,10.0.0.2",no-pty ' + TWO


def host(text: str | None = None) -> FakeHost:
    made = FakeHost(users={"bob": {"uid": 1000}})
    made.add_dir("/home/bob", owner="bob", group="bob")
    if text is not None:
        made.add_dir("/home/bob/.ssh", mode=0o700)
        made.add_file(FILE, text, mode=0o600)
    return made


CASES = [
    # args, before, after
    ({"key": ONE}, "", f"{ONE}\n"),
    ({"key": ONE}, f"{ONE}\n", f"{ONE}\n"),
    ({"key": "ssh-ed25519 AAAAone"}, f"{ONE}\n", f"{ONE}\n"),
    ({"key": "ssh-ed25519 AAAAone new"}, f"{ONE}\n", "ssh-ed25519 AAAAone new\n"),
    ({"key": f"{ONE}\n{TWO}\n"}, f"# c\n{TWO}\n", f"# c\n{TWO}\n{ONE}\n"),
    ({"key": TWO, "exclusive": True}, f"# c\n{ONE}\n{TWO}\n", f"# c\n{TWO}\n"),
    ({"key": TWO, "comment": "x"}, f"{TWO}\n", "ssh-rsa AAAAtwo x\n"),
    ({"key": TWO, "key_options": "no-pty"}, f"{TWO}\n", f"no-pty {TWO}\n"),
    (
        {"key": TWO, "key_options": 'no-pty,from="10.0.0.1,10.0.0.2"'},
        f"{BOUND}\n",
        f"{BOUND}\n",
    ),
    ({"key": ONE, "state": "absent"}, f"{ONE}\n{TWO}\n", f"{TWO}\n"),
    ({"key": ONE, "state": "absent"}, f"{TWO}\n", f"{TWO}\n"),
    ({"key": "https://keys.example/bob"}, "", f"{ONE}\n{TWO}\n"),
]


@pytest.mark.parametrize(("args", "before", "after"), CASES, ids=str)
def test_keys(args: dict[str, object], before: str, after: str) -> None:
    there = host(before)
    there.serve("https://keys.example/bob", f"{ONE}\n{TWO}\n")
    whole = {"user": "bob", **args}
    assert plan(module, whole, there).changed == (before != after)
    done = play(module, whole, there)
    assert not done.failed, done.msg
    assert there.text(FILE) == after
    assert done["keyfile"] == FILE
    assert not play(module, whole, there).changed


def test_a_new_directory_and_file_are_closed_to_others() -> None:
    there = host()
    planned = plan(module, {"user": "bob", "key": ONE}, there)
    assert [key for _, key, _ in planned.effects] == ["/home/bob/.ssh", FILE]
    play(module, {"user": "bob", "key": ONE}, there)
    modes = [there.stat(path) for path in ("/home/bob/.ssh", FILE)]
    assert [(one.mode, one.owner) for one in modes if one] == [(0o700, "bob"), (0o600, "bob")]


def test_another_path() -> None:
    there = host()
    there.add_dir("/etc/ssh/keys")
    args = {"user": "bob", "key": ONE, "path": "/etc/ssh/keys/%u", "manage_dir": False}
    assert play(module, args, there)["keyfile"] == "/etc/ssh/keys/bob"
    assert there.text("/etc/ssh/keys/bob") == f"{ONE}\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"user": "none", "key": ONE}, "Failed to lookup user none"),
        ({"user": "bob", "key": "what"}, "invalid key specified: what"),
        (
            {"user": "bob", "key": ONE, "manage_dir": False},
            "directory /home/bob/.ssh does not exist",
        ),
    ],
    ids=str,
)
def test_refused(args: dict[str, object], message: str) -> None:
    assert message in play(module, args, host()).msg


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (ONE, ("", "ssh-ed25519", "AAAAone", "bob@one")),
        (BOUND, ('from="10.0.0.1,10.0.0.2",no-pty', "ssh-rsa", "AAAAtwo", "bob@two")),
        ('command="a b \\" c" ssh-rsa AAAA', ('command="a b \\" c"', "ssh-rsa", "AAAA", "")),
        ("ecdsa-sha2-nistp256 AAAA a b c", ("", "ecdsa-sha2-nistp256", "AAAA", "a b c")),
        ("# comment", None),
        ("", None),
        ("garbage", None),
    ],
)
def test_lines(line: str, parts: tuple[str, ...] | None) -> None:
    found = parse(line)
    assert (tuple(found) if found else None) == parts


def test_a_link_is_followed_when_asked() -> None:
    there = host("")
    there.remove(FILE)
    there.add_file("/keys/bob", "")
    there.add_link(FILE, "/keys/bob")
    assert play(module, {"user": "bob", "key": ONE, "follow": True}, there).changed
    assert there.text("/keys/bob") == f"{ONE}\n"
    assert play(module, {"user": "bob", "key": TWO}, there).changed
    assert there.text("/keys/bob") == f"{ONE}\n"
    assert there.lstat(FILE).state == "file"  # type: ignore[union-attr]


@pytest.mark.parametrize("verify", [True, False])
def test_keys_at_a_url(*, verify: bool) -> None:
    there, seen = host(""), []

    def http(*args: object, **_: object) -> Response:
        seen.append(args[5])
        return Response(200, {}, ONE.encode(), "", "")

    there.http = http  # type: ignore[method-assign]
    args = {"user": "bob", "key": "https://keys.example/bob", "validate_certs": verify}
    assert play(module, args, there).changed
    assert there.text(FILE) == f"{ONE}\n"
    assert set(seen) == {verify}
