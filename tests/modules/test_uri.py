import base64
from typing import Any

import pytest

from kplay.agent.host import Response
from kplay.modules.api import ModuleFailure
from kplay.modules.uri import module
from kplay.testing import plan, play
from kplay.testing.host import FakeHost

URL = "http://10.9.0.1/x.json"


def through(host: FakeHost, **args: Any) -> dict[str, Any]:
    given = {name: arg.default for name, arg in module.args.items()} | {"url": URL} | args
    found = module.observe(host, given)
    wanted = module.desire(given, found)
    assert module.result is not None
    if not wanted:
        return dict(module.result(given, found, wanted, False))
    assert module.apply is not None
    return dict(module.apply(host, given, found, wanted))


def listening() -> tuple[FakeHost, list[Any]]:
    host, sent = FakeHost(), []

    def http(*args: Any, **named: Any) -> Response:
        sent.append((args, named))
        return Response(200, {}, b"", "", args[1])

    host.http = http  # type: ignore[method-assign]
    return host, sent


def test_get() -> None:
    host = FakeHost()
    headers = {"content-type": "application/json", "content-length": "9", "set-cookie": "a=b"}
    host.serve(URL, '{"k": 1}\n', headers=headers)
    fields = through(host, return_content=True)
    assert fields == {
        "status": 200,
        "url": URL,
        "redirected": False,
        "msg": "OK (9 bytes)",
        "content": '{"k": 1}\n',
        "json": {"k": 1},
        "content_type": "application/json",
        "content_length": "9",
        "set_cookie": "a=b",
        "cookies": {"a": "b"},
        "cookies_string": "a=b",
        "elapsed": 0,
    }


def test_content_is_returned_only_when_asked() -> None:
    host = FakeHost()
    host.serve(URL, "text")
    assert "content" not in through(host)


def test_a_redirect_is_told() -> None:
    host = FakeHost()
    host.pages[URL] = Response(200, {}, b"", "", "http://10.9.0.1/other")
    fields = through(host)
    assert fields["redirected"] is True
    assert fields["url"] == "http://10.9.0.1/other"


@pytest.mark.parametrize(
    ("body", "form", "sent", "kind"),
    [
        ({"a": 1}, "json", b'{"a": 1}', "application/json"),
        ('{"a": 2}', "json", b'{"a": 2}', "application/json"),
        ({"a": "b c"}, "form-urlencoded", b"a=b+c", "application/x-www-form-urlencoded"),
        ([["a", 1], ["a", 2]], "form-urlencoded", b"a=1&a=2", "application/x-www-form-urlencoded"),
        ("text", "raw", b"text", None),
        (None, "raw", b"", None),
    ],
)  # fmt: skip
def test_bodies(body: Any, form: str, sent: bytes, kind: str | None) -> None:
    host, seen = listening()
    through(host, method="post", body=body, body_format=form)
    method, url, headers, data = seen[0][0][:4]
    assert (method, url, data) == ("POST", URL, sent)
    assert headers.get("Content-Type") == kind


def test_a_file_as_the_body() -> None:
    host, seen = listening()
    host.add_file("/srv/body", "from a file")
    through(host, method="PUT", src="/srv/body")
    assert seen[0][0][3] == b"from a file"


def test_headers_login_and_tls() -> None:
    host, seen = listening()
    through(
        host,
        url="https://me:word@10.9.0.1/",
        force_basic_auth=True,
        headers={"X-Count": 3, "Content-Type": "text/x"},
        body="{}",
        body_format="json",
        validate_certs=False,
        follow_redirects="no",
        timeout=9,
        ca_path="/ca",
        client_cert="/cert",
    )
    (_, url, headers, _, timeout, verify, follow), tls = seen[0]
    assert url == "https://10.9.0.1/"
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"me:word").decode()
    assert headers["X-Count"] == "3"
    assert headers["Content-Type"] == "text/x"
    assert headers["User-Agent"] == "ansible-httpget"
    assert (timeout, verify, follow) == (9.0, False, "none")
    assert tls.pop("options")["proxy"] is True
    assert tls == {"ca": "/ca", "cert": "/cert", "key": "/cert"}


def test_another_status_fails_with_the_content() -> None:
    host = FakeHost()
    host.pages[URL] = Response(404, {}, b"none", "HTTP Error 404: Not Found", URL)
    with pytest.raises(ModuleFailure) as failed:
        through(host)
    assert failed.value.msg == "Status code was 404 and not [200]: HTTP Error 404: Not Found"
    assert failed.value.fields["status"] == 404
    assert failed.value.fields["content"] == "none"
    assert through(host, status_code=[200, 404])["status"] == 404


def test_no_answer_fails_with_minus_1() -> None:
    with pytest.raises(ModuleFailure) as failed:
        through(FakeHost())
    assert failed.value.msg == (
        "Status code was -1 and not [200]: Request failed: connection refused"
    )
    assert failed.value.fields["status"] == -1


def test_json_that_is_none_is_left_out() -> None:
    host = FakeHost()
    host.serve(URL, "{", headers={"content-type": "application/json"})
    assert "json" not in through(host)


def test_the_answers_own_encoding() -> None:
    host = FakeHost()
    host.serve(URL, b"\xe9", headers={"content-type": "text/plain; charset=latin-1"})
    assert through(host, return_content=True)["content"] == "\u00e9"
    host.serve(URL, b"a", headers={"content-type": "text/plain; charset=nope"})
    assert through(host, return_content=True)["content"] == "a"


def test_guards() -> None:
    host = FakeHost(files={"/there": ""})
    assert "exists" in through(host, creates="/there")["msg"]
    assert "does not exist" in through(host, removes="/nope")["msg"]


def test_a_plan_sends_nothing_and_shows_no_secret() -> None:
    host, seen = listening()
    args = {"url": "https://me:word@h/p?token=x", "method": "get"}
    found = module.observe(host, args)
    assert module.desire(args, found) == {"request": "GET https://h/p"}
    assert seen == []


def test_the_answer_is_written_to_a_file() -> None:
    host = FakeHost(dirs=["/out"], users=["app"])
    host.serve("https://h/deep/file.txt?x=1", "data")
    args = {"url": "https://h/deep/file.txt?x=1", "dest": "/out", "mode": "0600", "owner": "app"}
    assert plan(module, args, host).unknown == "what https://h/deep/file.txt answers"
    done = play(module, args, host)
    assert (done.changed, done["path"], done["mode"]) == (True, "/out/file.txt", "0600")
    assert (host.text("/out/file.txt"), done["owner"]) == ("data", "app")
    assert not play(module, args, host).changed
    again = {**args, "dest": "/out/other", "group": "root", "unsafe_writes": False}
    assert play(module, again, host)["path"] == "/out/other"
    failing = {**args, "url": "https://none/", "dest": "/out/none"}
    assert play(module, failing, host).failed
    assert host.stat("/out/none") is None


def test_how_it_is_asked() -> None:
    host, sent = listening()
    through(
        host,
        unix_socket="/run/x.sock",
        use_proxy=False,
        use_netrc=False,
        use_gssapi=False,
        ciphers=["ECDHE", "AES"],
        decompress=False,
        unredirected_headers=["X-Key"],
    )
    assert sent[0][1]["options"] == {
        "proxy": False,
        "ciphers": "ECDHE:AES",
        "decompress": False,
        "unredirected": ["X-Key"],
        "socket": "/run/x.sock",
    }


def test_a_form_with_files() -> None:
    host, sent = listening()
    host.add_file("/srv/a.txt", "hello")
    body = {
        "plain": "text",
        "file": {"filename": "/srv/a.txt"},
        "given": {"filename": "b.json", "content": "{}", "mime_type": "application/json"},
        "quoted": {"content": "ä=", "multipart_encoding": "quoted-printable"},
    }
    through(host, method="POST", body=body, body_format="form-multipart",
            headers={"Content-Type": "text/plain"})  # fmt: skip
    headers, data = sent[0][0][2], sent[0][0][3].decode()
    kind = headers["Content-Type"]
    assert kind.startswith("multipart/form-data; boundary=kplay")
    parts = data.split("--" + kind.partition("boundary=")[2])
    plain = ["", 'Content-Disposition: form-data; name="plain"', "Content-Type: text/plain"]
    assert parts[1].split("\r\n") == [*plain, "", "text", ""]
    assert 'name="file"; filename="a.txt"' in parts[2]
    assert base64.b64encode(b"hello").decode() in parts[2]
    assert "Content-Type: application/json" in parts[3]
    assert "=C3=A4=3D" in parts[4]
    with pytest.raises(ModuleFailure, match="wants a mapping"):
        through(host, body=["x"], body_format="form-multipart")
    with pytest.raises(ModuleFailure, match="at least one of filename or content"):
        through(host, body={"x": {}}, body_format="form-multipart")


def test_a_file_of_the_playbook_is_sent() -> None:
    host, sent = listening()
    through(host, method="PUT", _content=host.blob(b"bytes"))
    assert sent[0][0][3] == b"bytes"


def asking(*statuses: int) -> tuple[FakeHost, list[Any]]:
    """A host whose server answers with one status after the other."""
    host, sent, left = FakeHost(), [], list(statuses)

    def http(*args: Any, **named: Any) -> Response:
        sent.append((args, named))
        return Response(left.pop(0), {}, b"", "", args[1])

    host.http = http  # type: ignore[method-assign]
    return host, sent


BASIC = "Basic " + base64.b64encode(b"me:word").decode()


@pytest.mark.parametrize(
    ("args", "statuses", "sent"),
    [
        ({"force_basic_auth": True}, [200], [BASIC]),
        ({}, [401, 200], [None, BASIC]),
        ({}, [200], [None]),
    ],
    ids=["at once", "when asked", "never asked"],
)
def test_a_user_is_named_when_the_server_asks(
    args: dict[str, Any], statuses: list[int], sent: list[str | None]
) -> None:
    host, seen = asking(*statuses)
    assert through(host, url_username="me", url_password="word", **args)["status"] == 200
    assert [one[0][2].get("Authorization") for one in seen] == sent


def test_a_user_that_the_server_does_not_know_fails() -> None:
    host, seen = asking(401, 401)
    with pytest.raises(ModuleFailure, match="Status code was 401"):
        through(host, url_username="me", url_password="wrong")
    assert len(seen) == 2


def test_the_agent_and_the_key_of_a_certificate() -> None:
    host, sent = listening()
    through(host, http_agent="kplay-test", client_cert="/c.pem", client_key="/k.pem")
    assert sent[0][0][2]["User-Agent"] == "kplay-test"
    assert (sent[0][1]["cert"], sent[0][1]["key"]) == ("/c.pem", "/k.pem")
    through(host, client_cert="/both.pem")
    assert sent[1][0][2]["User-Agent"] == "ansible-httpget"
    assert (sent[1][1]["cert"], sent[1][1]["key"]) == ("/both.pem", "/both.pem")
