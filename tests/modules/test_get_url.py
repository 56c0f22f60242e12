from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from kplay.agent.host import Response
from kplay.modules import schema
from kplay.modules.api import UNKNOWN
from kplay.modules.get_url import module
from kplay.testing import FakeHost, plan, play

URL = "https://dl.example/v1/tool.tgz?x=1"
DATA = b"tool\n"
DIGEST = hashlib.sha256(DATA).hexdigest()
SUMS = f"{'0' * 64}  other.tgz\n{DIGEST} *./tool.tgz\n"


def host() -> FakeHost:
    made = FakeHost(files={"/opt/old": "old\n", "/opt/same": DATA, "/src/f": DATA})
    made.serve(URL, DATA)
    made.serve("https://dl.example/sums", SUMS)
    made.serve("https://dl.example/one", DIGEST + "\n")
    made.serve("https://dl.example/gone", status=404)
    return made


CASES = [
    ({"dest": "/opt/new"}, "create", "/opt/new"),
    ({"dest": "/opt/new", "mode": "0755"}, "create", "/opt/new"),
    ({"dest": "/opt"}, "create", "/opt/tool.tgz"),
    ({"dest": "/opt/new", "checksum": f"sha256:{DIGEST}"}, "create", "/opt/new"),
    ({"dest": "/opt/new", "checksum": "sha256:https://dl.example/sums"}, "create", "/opt/new"),
    ({"dest": "/opt/new", "checksum": "sha256:https://dl.example/one"}, "create", "/opt/new"),
    ({"dest": "/opt/same", "checksum": f"sha256:{DIGEST}"}, "none", "/opt/same"),
    ({"dest": "/opt/old", "checksum": f"sha256:{DIGEST}"}, "update", "/opt/old"),
    ({"dest": "/opt/old"}, "none", "/opt/old"),
    ({"dest": "/opt/same", "mode": "0600"}, "update", "/opt/same"),
    ({"dest": "/opt/new", "url": "file:///src/f"}, "create", "/opt/new"),
]


@pytest.mark.parametrize(("args", "action", "path"), CASES, ids=str)
def test_downloads(args: dict[str, object], action: str, path: str) -> None:
    there = host()
    whole = {"url": URL, **args}
    planned = plan(module, whole, there)
    assert planned.action == action, planned.msg
    done = play(module, whole, there)
    assert (done.action, done.failed) == (action, False), done.msg
    assert done["dest"] == path == planned["dest"]
    if args["dest"] != "/opt/old" or "checksum" in args:
        assert there.read(path) == DATA
    assert play(module, whole, there).action == "none" or args["dest"] == "/opt"


def test_forced_again_changes_only_what_differs() -> None:
    there = host()
    args = {"url": URL, "dest": "/opt/same", "force": True}
    assert plan(module, args, there).action == "update"
    assert not play(module, args, there).changed
    done = play(module, {**args, "dest": "/opt/old", "backup": True}, there)
    assert done.changed
    assert there.text(done["backup_file"]) == "old\n"


def test_return_fields() -> None:
    done = play(module, {"url": URL, "dest": "/opt/new"}, host())
    assert done["checksum_src"] == done["checksum_dest"]
    assert (done["status_code"], done["msg"], done["size"]) == (200, "OK (5 bytes)", 5)


def test_later_steps_see_the_file() -> None:
    args = {"url": URL, "dest": "/opt/new", "checksum": f"sha256:{DIGEST}", "mode": "0755"}
    value = plan(module, args, host()).effects[0][2]
    assert (value["content"], value["digest"], value["mode"]) == (UNKNOWN, DIGEST, "0755")


REFUSED = [
    ({"dest": "/none/x"}, "Destination /none does not exist"),
    ({"url": "https://dl.example/gone"}, "Request failed: HTTP Error 404"),
    ({"url": "https://nowhere/"}, "Request failed: connection refused"),
    ({"checksum": "sha256:" + "0" * 64}, "The checksum for /opt/new did not match"),
    ({"checksum": DIGEST}, "has to be in format <algorithm>:<checksum>"),
    ({"checksum": "crc:12"}, "no digest called crc"),
    ({"checksum": "sha256:zz"}, "The checksum format is invalid"),
    (
        {"url": "https://dl.example/x", "checksum": "sha256:https://dl.example/sums"},
        "Unable to find a checksum for file 'x'",
    ),
]


@pytest.mark.parametrize(("args", "message"), REFUSED, ids=str)
def test_refused(args: dict[str, object], message: str) -> None:
    there = host()
    done = play(module, {"url": URL, "dest": "/opt/new", **args}, there)
    assert done.failed
    assert message in done.msg
    assert there.stat("/opt/new") is None


def test_how_it_is_asked() -> None:
    asked = []
    host = FakeHost(files={"/root/.netrc": "machine other login o password p\n"
                           "machine h.example\n login me\n password secret\n"})  # fmt: skip

    def http(*args: Any, **named: Any) -> Response:
        asked.append((args[2].get("Authorization", ""), named["options"]))
        return Response(200, {}, b"x", "", args[1])

    host.http = http  # type: ignore[method-assign]
    args = {"url": "https://h.example/x", "dest": "/tmp/x", "force": True}
    play(module, args, host)
    assert base64.b64decode(asked[0][0].partition(" ")[2]) == b"me:secret"
    assert asked[0][1] == {"proxy": True, "ciphers": "", "decompress": True, "unredirected": []}
    more = {"use_netrc": False, "use_proxy": False, "decompress": False, "ciphers": "A,B"}
    play(module, {**args, **more, "unredirected_headers": ["X"]}, host)
    assert asked[1] == (
        "",
        {"proxy": False, "ciphers": "A:B", "decompress": False, "unredirected": ["X"]},
    )


def test_kerberos_is_refused() -> None:
    _, faults = schema.normalise(module, {"url": "u", "dest": "/x", "use_gssapi": True})
    assert [one.message for one in faults] == [
        "`use_gssapi` of `get_url` is not supported: Python's own library has no Kerberos"
    ]
    assert schema.normalise(module, {"url": "u", "dest": "/x", "use_gssapi": False})[1] == []


def asking(*statuses: int) -> tuple[FakeHost, list[Any]]:
    """A host whose server answers with one status after the other."""
    there, sent, left = FakeHost(groups={"web": 900}, users={"bob": {"uid": 1000}}), [], [*statuses]

    def http(*args: Any, **named: Any) -> Response:
        sent.append((args, named))
        return Response(left.pop(0), {}, b"x", "", args[1])

    there.http = http  # type: ignore[method-assign]
    return there, sent


FETCH = {"url": "https://h.example/x", "dest": "/tmp/x"}
LOGIN = {"url_username": "me", "url_password": "word"}
BASIC = "Basic " + base64.b64encode(b"me:word").decode()


@pytest.mark.parametrize(
    ("args", "statuses", "sent"),
    [
        ({**LOGIN, "force_basic_auth": True}, [200], [BASIC]),
        (LOGIN, [401, 200], [None, BASIC]),
        (LOGIN, [200], [None]),
        ({}, [200], [None]),
    ],
    ids=["at once", "when asked", "never asked", "nobody"],
)
def test_a_user_is_named_when_the_server_asks(
    args: dict[str, Any], statuses: list[int], sent: list[str | None]
) -> None:
    there, seen = asking(*statuses)
    done = play(module, {**FETCH, **args}, there)
    assert not done.failed, done.msg
    assert [one[0][2].get("Authorization") for one in seen] == sent


def test_a_user_that_the_server_does_not_know_fails() -> None:
    there, seen = asking(401, 401)
    done = play(module, {**FETCH, **LOGIN}, there)
    assert (done.failed, done["status_code"]) == (True, 401)
    assert len(seen) == 2
    assert there.stat("/tmp/x") is None
    assert module.args["url_password"].secret


def test_what_the_request_says() -> None:
    there, sent = asking(200, 200)
    plain = play(module, FETCH, there)
    assert plain.changed
    (_, _, headers, _, timeout, verify, _), named = sent[0]
    assert (headers, timeout, verify) == ({"User-Agent": "ansible-httpget"}, 10.0, True)
    assert (named["cert"], named["key"]) == ("", "")
    more = {
        "headers": {"X-Count": 3},
        "http_agent": "kplay-test",
        "timeout": 7,
        "validate_certs": False,
        "client_cert": "/c.pem",
        "client_key": "/k.pem",
    }
    play(module, {**FETCH, "force": True, **more}, there)
    (_, _, headers, _, timeout, verify, _), named = sent[1]
    assert (headers, timeout, verify) == (
        {"User-Agent": "kplay-test", "X-Count": "3"},
        7.0,
        False,
    )
    assert (named["cert"], named["key"]) == ("/c.pem", "/k.pem")


def test_owner_and_group() -> None:
    there, _ = asking(200)
    args = {**FETCH, "owner": "bob", "group": "web"}
    planned = plan(module, args, there)
    assert (planned["owner"], planned["uid"], planned["gid"]) == ("bob", 1000, 900)
    done = play(module, args, there)
    assert (done["owner"], done["group"]) == ("bob", "web")
    stat = there.stat("/tmp/x")
    assert stat is not None
    assert (stat.uid, stat.gid) == (1000, 900)
    assert not play(module, args, there).changed


def test_tmp_dest_must_be_a_folder() -> None:
    there = host()
    args = {"url": URL, "dest": "/opt/new"}
    gone = play(module, {**args, "tmp_dest": "/var/none"}, there)
    assert gone.msg == "/var/none directory does not exist."
    file = play(module, {**args, "tmp_dest": "/opt/old"}, there)
    assert file.msg == "/opt/old is a file but should be a directory."
    assert there.stat("/opt/new") is None
    assert not play(module, {**args, "tmp_dest": "/tmp"}, there).failed
    assert there.listdir("/tmp") == []
    assert there.read("/opt/new") == DATA
