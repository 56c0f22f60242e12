from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.modules import schema
from kplay.modules.api import UNKNOWN
from kplay.modules.user import module
from kplay.testing import FakeHost, plan, play

if TYPE_CHECKING:
    from collections.abc import Sequence

VALUED = {"-u": "uid", "-g": "group", "-G": "groups", "-c": "comment", "-d": "home", "-s": "shell"}


def parse(argv: Sequence[str]) -> tuple[dict[str, str], set[str]]:
    words, fields, flags = list(argv[1:-1]), {}, set()
    while words:
        word = words.pop(0)
        if word in VALUED:
            fields[VALUED[word]] = words.pop(0)
        elif word in {"-K", "-e", "-k"}:
            words.pop(0)
        else:
            flags.add(word)
    return fields, flags


def entry(on: FakeHost, fields: dict[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {k: v for k, v in fields.items() if k in {"comment", "home", "shell"}}
    if "uid" in fields:
        made["uid"] = int(fields["uid"])
    if "group" in fields:
        group = on.group(fields["group"])
        assert group is not None
        made["gid"] = group[1]
    if "groups" in fields:
        made["groups"] = tuple(one for one in fields["groups"].split(",") if one)
    return made


def useradd(on: FakeHost, argv: Sequence[str]) -> None:
    fields, flags = parse(argv)
    made = entry(on, fields)
    if "-N" in flags:
        made["gid"] = 100
    on.add_user(argv[-1], **made)
    user = on.user(argv[-1])
    assert user is not None
    if "-m" in flags:
        on.add_dir(user.home, owner=user.name)


def usermod(on: FakeHost, argv: Sequence[str]) -> None:
    old = on.user(argv[-1])
    assert old is not None
    fields, flags = parse(argv)
    made = {**old._asdict(), **entry(on, fields)}
    if "-L" in flags:
        made["password"] = "!" + old.password
    if "-U" in flags:
        made["password"] = old.password.lstrip("!")
    made.pop("name")
    on.add_user(argv[-1], **made)


def chpasswd(on: FakeHost, argv: Sequence[str]) -> None:
    name, _, secret = on.runs[-1].stdin.strip().partition(":")
    old = on.user(name)
    assert old is not None
    fields = {**old._asdict(), "password": secret}
    fields.pop("name")
    on.add_user(name, **fields)


def host() -> FakeHost:
    made = FakeHost(
        groups={"wheel": 10, "docker": 998, "taken": 997, "users": 100},
        users={"bob": {"uid": 1000, "groups": ("docker",), "password": "$6$x", "comment": "Bob"}},
        files={"/etc/skel/.profile": "p"},
    )
    made.add_dir("/home/bob")
    made.when("useradd", does=useradd).when("usermod", does=usermod)
    made.when("chpasswd", does=chpasswd)
    made.when("userdel", does=lambda on, argv: on.remove_user(argv[-1]))
    return made


CASES: list[tuple[dict[str, object], str, list[list[str]]]] = [
    ({"name": "etcd"}, "create", [["useradd", "-m", "etcd"]]),
    (
        {"name": "etcd", "system": True, "create_home": False, "shell": "/usr/sbin/nologin"},
        "create",
        [["useradd", "-s", "/usr/sbin/nologin", "-M", "-r", "etcd"]],
    ),
    (
        {"name": "etcd", "uid": 900, "group": "wheel", "groups": "docker, wheel", "comment": "E"},
        "create",
        [["useradd", "-u", "900", "-g", "wheel", "-G", "docker", "-c", "E", "-m", "etcd"]],
    ),
    ({"name": "taken"}, "create", [["useradd", "-N", "-m", "taken"]]),
    (
        {"name": "etcd", "password": "$6$y"},
        "create",
        [["useradd", "-m", "etcd"], ["chpasswd", "-e"]],
    ),
    ({"name": "etcd", "home": "/srv/e"}, "create", [["useradd", "-d", "/srv/e", "-m", "etcd"]]),
    ({"name": "bob"}, "none", []),
    ({"name": "bob", "groups": "docker"}, "none", []),
    (
        {"name": "bob", "groups": ["wheel"], "append": True},
        "update",
        [["usermod", "-G", "docker,wheel", "bob"]],
    ),
    ({"name": "bob", "groups": ["wheel"]}, "update", [["usermod", "-G", "wheel", "bob"]]),
    ({"name": "bob", "groups": ""}, "update", [["usermod", "-G", "", "bob"]]),
    ({"name": "bob", "shell": "/bin/bash"}, "update", [["usermod", "-s", "/bin/bash", "bob"]]),
    ({"name": "bob", "uid": 1000, "comment": "Bob"}, "none", []),
    ({"name": "bob", "uid": 1001}, "update", [["usermod", "-u", "1001", "bob"]]),
    ({"name": "bob", "group": "wheel"}, "update", [["usermod", "-g", "wheel", "bob"]]),
    ({"name": "bob", "group": "1000"}, "none", []),
    ({"name": "bob", "password": "$6$x"}, "none", []),
    ({"name": "bob", "password": "$6$z"}, "update", [["chpasswd", "-e"]]),
    ({"name": "bob", "password": "$6$z", "update_password": "on_create"}, "none", []),
    ({"name": "bob", "password_lock": True}, "update", [["usermod", "-L", "bob"]]),
    ({"name": "bob", "password_lock": False}, "none", []),
    ({"name": "bob", "state": "absent"}, "remove", [["userdel", "bob"]]),
    (
        {"name": "bob", "state": "absent", "remove": True, "force": True},
        "remove",
        [["userdel", "-f", "-r", "bob"]],
    ),
    ({"name": "etcd", "state": "absent"}, "none", []),
]


@pytest.mark.parametrize(("args", "action", "argvs"), CASES, ids=str)
def test_accounts(args: dict[str, object], action: str, argvs: list[list[str]]) -> None:
    there = host()
    planned = plan(module, args, there)
    assert planned.action == action, planned.msg
    done = play(module, args, there)
    assert (done.action, done.failed) == (action, False), done.msg
    assert [list(run.argv) for run in there.runs] == argvs
    for name, value in planned.fields.items():
        assert done.fields[name] == value, name
    assert play(module, args, there).action == "none"


def test_a_password_is_on_no_command_line_and_in_no_result() -> None:
    there = host()
    done = play(module, {"name": "bob", "password": "$6$new"}, there)
    assert "$6$new" not in str([run.argv for run in there.runs])
    assert "$6$" not in str((done.before, done.after, done.fields))
    assert there.runs[0].stdin == "bob:$6$new\n"


def test_later_steps_see_the_account() -> None:
    effects = plan(module, {"name": "etcd", "system": True, "home": "/srv/e"}, host()).effects
    assert effects == [
        (
            "user",
            "etcd",
            {
                "name": "etcd",
                "uid": UNKNOWN,
                "gid": UNKNOWN,
                "comment": "",
                "home": "/srv/e",
                "shell": "/bin/sh",
                "groups": [],
            },
        ),
        ("group", "etcd", {"name": "etcd", "gid": UNKNOWN}),
        (
            "path",
            "/srv/e",
            {"state": "directory", "owner": "etcd", "group": "etcd", "mode": "0755"},
        ),
        (
            "path",
            "/srv/e/.profile",
            {"state": "file", "owner": "etcd", "group": "etcd", "mode": "0644", "content": "p"},
        ),
    ]


def test_a_home_that_is_missing_is_made_from_the_skeleton() -> None:
    there = host()
    there.remove("/home/bob")
    assert play(module, {"name": "bob"}, there).changed
    stat = there.stat("/home/bob/.profile")
    assert stat is not None
    assert stat.owner == "bob"


@pytest.mark.parametrize("args", [{"group": "none"}, {"groups": ["docker", "none"]}])
def test_a_group_that_does_not_exist(args: dict[str, object]) -> None:
    done = play(module, {"name": "bob", **args}, host())
    assert done.failed
    assert done.msg == "Group none does not exist"


def test_a_failing_program() -> None:
    there = host().when("useradd", rc=9, stderr="useradd: no space\n")
    done = play(module, {"name": "etcd"}, there)
    assert done.failed
    assert done.msg == "useradd: no space"


def test_expiry() -> None:
    there = host()
    there.add_file("/etc/shadow", "root:*:1::::::\nbob:$6$x:19000:0:99999:7:::\n")
    there.when("chage", does=lambda on, argv: None)
    args = {"name": "bob", "expires": 1422403387, "password_expire_max": 30}
    play(module, args, there)
    assert [list(run.argv) for run in there.runs] == [
        ["usermod", "-e", "2015-01-28", "bob"],
        ["chage", "-M", "30", "bob"],
    ]
    assert plan(module, {"name": "bob", "expires": -1}, there).action == "none"


def test_an_ssh_key_is_generated_once() -> None:
    def keygen(on: FakeHost, argv: Sequence[str]) -> None:
        on.add_file("/home/bob/.ssh/id_ed25519", "private")
        on.add_file("/home/bob/.ssh/id_ed25519.pub", "ssh-ed25519 AAAA bob\n")

    there = host().when("ssh-keygen -q", does=keygen)
    there.when("ssh-keygen -l", stdout="256 SHA256:x bob\n")
    args = {"name": "bob", "generate_ssh_key": True, "ssh_key_type": "ed25519"}
    done = play(module, args, there)
    assert done["ssh_public_key"] == "ssh-ed25519 AAAA bob"
    assert done["ssh_fingerprint"] == "256 SHA256:x bob"
    assert not play(module, args, there).changed


def test_a_key_has_its_passphrase() -> None:
    there = FakeHost(users={"bob": {"uid": 1000}}, dirs=["/home/bob"]).when("ssh-keygen")
    args = {"name": "bob", "generate_ssh_key": True, "ssh_key_passphrase": "secret"}
    play(module, args, there)
    made = next(run.argv for run in there.runs if "-N" in run.argv)
    assert made[made.index("-N") + 1] == "secret"


@pytest.mark.parametrize(
    "args",
    [
        {"local": True},
        {"seuser": "user_u"},
        {"hidden": True},
        {"login_class": "staff"},
        {"profile": "x"},
        {"role": "x"},
        {"authorization": "x"},
    ],
)
def test_what_is_not_for_linux_is_refused(args: dict[str, object]) -> None:
    given = {"name": "bob", **args}
    assert "is not supported" in schema.normalise(module, given)[1][0].message
    quiet = {"local": False, "seuser": None, "hidden": None}
    assert schema.normalise(module, {"name": "bob", **quiet})[1] == []


SHADOW = "bob:$6$x:19000:0:99999:7:::\nroot:*:19000:0:99999:7:::\n"
COLUMNS = {"-m": 3, "-M": 4, "-W": 5, "-I": 6}


def chage(on: FakeHost, argv: Sequence[str]) -> None:
    lines = [line.split(":") for line in on.text("/etc/shadow").splitlines()]
    for fields in lines:
        if fields[0] == argv[-1]:
            for option, value in zip(argv[1:-1:2], argv[2:-1:2], strict=True):
                fields[COLUMNS[option]] = value
    on.add_file("/etc/shadow", "".join(":".join(one) + "\n" for one in lines))


@pytest.mark.parametrize(
    ("args", "words", "line"),
    [
        ({"password_expire_min": 3}, "-m 3", "bob:$6$x:19000:3:99999:7:::"),
        ({"password_expire_warn": 14}, "-W 14", "bob:$6$x:19000:0:99999:14:::"),
        ({"password_expire_account_disable": 30}, "-I 30", "bob:$6$x:19000:0:99999:7:30::"),
        (
            {"password_expire_min": 1, "password_expire_max": 90},
            "-m 1 -M 90",
            "bob:$6$x:19000:1:90:7:::",
        ),
    ],
    ids=str,
)
def test_how_long_a_password_holds(args: dict[str, object], words: str, line: str) -> None:
    there = host().when("chage", does=chage)
    there.add_file("/etc/shadow", SHADOW)
    assert plan(module, {"name": "bob", **args}, there).action == "update"
    play(module, {"name": "bob", **args}, there)
    assert [" ".join(run.argv) for run in there.runs] == [f"chage {words} bob"]
    assert there.text("/etc/shadow").splitlines()[0] == line
    assert play(module, {"name": "bob", **args}, there).action == "none"


@pytest.mark.parametrize(("move", "words"), [(True, "-d /srv/b -m"), (False, "-d /srv/b")])
def test_a_home_elsewhere(words: str, *, move: bool) -> None:
    there = host()
    done = play(module, {"name": "bob", "home": "/srv/b", "move_home": move}, there)
    assert " ".join(there.runs[0].argv) == f"usermod {words} bob"
    assert done["move_home"] is move


@pytest.mark.parametrize(
    ("args", "argv"),
    [
        ({"uid": 1000, "non_unique": True}, "useradd -u 1000 -o -m etcd"),
        ({"uid": 1001}, "useradd -u 1001 -m etcd"),
        ({"non_unique": True}, "useradd -m etcd"),
        ({"skeleton": "/srv/skel"}, "useradd -m -k /srv/skel etcd"),
        ({"skeleton": "/srv/skel", "create_home": False}, "useradd -M etcd"),
        ({"uid_min": 500, "uid_max": 600}, "useradd -m -K UID_MIN=500 -K UID_MAX=600 etcd"),
        ({"umask": "077"}, "useradd -m -K UMASK=077 etcd"),
    ],
    ids=str,
)
def test_what_useradd_is_told(args: dict[str, object], argv: str) -> None:
    there = host()
    play(module, {"name": "etcd", **args}, there)
    assert " ".join(there.runs[0].argv) == argv


def test_a_number_that_another_has() -> None:
    there = host()
    play(module, {"name": "bob", "uid": 0, "non_unique": True}, there)
    assert " ".join(there.runs[0].argv) == "usermod -u 0 -o bob"


@pytest.mark.parametrize(("umask", "mode"), [(None, 0o755), ("077", 0o700), ("0027", 0o750)])
def test_a_home_that_is_missing_is_filled_from_the_skeleton(umask: str | None, mode: int) -> None:
    there = host()
    there.add_user("eve", uid=1005)
    there.add_file("/srv/skel/.bashrc", "b")
    there.add_file("/srv/skel/bin/run", "r", mode=0o755)
    done = play(module, {"name": "eve", "skeleton": "/srv/skel", "umask": umask}, there)
    assert done.changed
    stat = there.stat("/home/eve")
    assert stat is not None
    assert (stat.mode, stat.owner) == (mode, "eve")
    assert there.text("/home/eve/.bashrc") == "b"
    inner = there.stat("/home/eve/bin/run")
    assert inner is not None
    assert (inner.mode, inner.owner) == (0o755, "eve")
    assert there.stat("/home/eve/.profile") is None


def test_a_umask_is_octal() -> None:
    there = host()
    there.add_user("eve", uid=1005)
    failed = play(module, {"name": "eve", "umask": "u=rwx"}, there)
    assert failed.msg == "umask must be octal digits such as 077, not u=rwx"


@pytest.mark.parametrize(
    ("args", "path", "words"),
    [
        ({}, "/home/bob/.ssh/id_rsa", "-t rsa -C ansible-generated on fake"),
        ({"ssh_key_bits": 4096}, "/home/bob/.ssh/id_rsa", "-b 4096"),
        ({"ssh_key_comment": "bob@$HOSTNAME"}, "/home/bob/.ssh/id_rsa", "-C bob@fake"),
        ({"ssh_key_file": ".ssh/deploy"}, "/home/bob/.ssh/deploy", "-f /home/bob/.ssh/deploy"),
        ({"ssh_key_file": "/etc/keys/bob"}, "/etc/keys/bob", "-f /etc/keys/bob"),
    ],
    ids=str,
)
def test_the_key_that_is_generated(args: dict[str, object], path: str, words: str) -> None:
    def keygen(on: FakeHost, argv: Sequence[str]) -> str:
        if "-l" in argv:
            return "3072 SHA256:x bob (RSA)\n"
        where = argv[argv.index("-f") + 1]
        on.add_file(where, "private", mode=0o600)
        on.add_file(where + ".pub", "ssh-rsa AAAA bob\n")
        return ""

    there = host().when("ssh-keygen", does=keygen)
    whole = {"name": "bob", "generate_ssh_key": True, **args}
    done = play(module, whole, there)
    assert not done.failed, done.msg
    line = " ".join(there.runs[0].argv)
    assert line.startswith("ssh-keygen -q ")
    assert f" {words}" in line
    assert (done["ssh_key_file"], done["ssh_public_key"]) == (path, "ssh-rsa AAAA bob")
    stat = there.stat(path)
    assert stat is not None
    assert stat.owner == "bob"
    assert play(module, whole, there).action == "none"


@pytest.mark.parametrize(
    ("groups", "others", "enabled", "force", "goes"),
    [
        ("bob:x:1001:", "", "yes", False, True),
        ("bob:x:1001:bob", "", "yes", False, True),
        ("bob:x:1001:", "", "no", False, False),
        ("bob:x:1001:eve", "", "yes", False, False),
        ("staff:x:1001:", "", "yes", False, False),
        ("bob:x:7:", "", "yes", False, False),
        ("bob:x:1001:", "eve:x:1002:1001:::\n", "yes", False, False),
        ("bob:x:1001:", "eve:x:1002:1001:::\n", "yes", True, True),
    ],
)
def test_a_plan_knows_whether_the_group_goes_with_its_user(groups, others, enabled, force, goes):
    host = FakeHost(
        files={
            "/etc/login.defs": f"# USERGROUPS_ENAB no\nUSERGROUPS_ENAB\t{enabled}\n",
            "/etc/group": f"root:x:0:\n{groups}\n",
            "/etc/passwd": f"bob:x:1001:1001::/home/bob:/bin/sh\n{others}",
        }
    )
    host.add_user("bob", uid=1001, gid=1001)
    host.scratch = lambda: True
    planned = plan(module, {"name": "bob", "state": "absent", "force": force}, host)
    assert (("group", "bob", {"state": "absent"}) in planned.effects) is goes
