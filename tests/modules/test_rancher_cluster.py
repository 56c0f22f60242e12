"""rancher_cluster against a double of Rancher's API: HTTPS on loopback, with a CA of its own."""

from __future__ import annotations

import hashlib
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kplay.agent.blobs import Blobs
from kplay.agent.local import LocalHost
from kplay.modules.api import ModuleFailure
from kplay.modules.rancher_cluster import module
from kplay.testing import FakeHost, checked, plan, play

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "token-abcde:the-secret-half"
PASSWORD = "correct horse"
SESSION = "token-login:of-a-session"


class Rancher:
    """What Rancher's API holds, and every request that came."""

    def __init__(self) -> None:
        self.url = ""
        self.certificates = ""
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        self.clusters: dict[str, dict[str, Any]] = {
            "local": {"id": "local", "name": "local", "state": "active"}
        }
        self.tokens: list[dict[str, Any]] = []
        self.sessions: set[str] = set()
        self.fills_in_after = 0
        """How many looks at the tokens it takes until a new one has its commands."""
        self.lingers = 0
        """How many looks at the clusters a removed one stays."""

    def answer(
        self, method: str, path: str, body: dict[str, Any], bearer: str
    ) -> tuple[int, dict[str, Any] | str]:
        self.sent.append((method, path, body))
        split = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(split.query).items()}
        if path == "/v3-public/localProviders/local?action=login":
            if body["password"] != PASSWORD:
                return 401, {
                    "type": "error",
                    "code": "Unauthorized",
                    "message": "must authenticate",
                }
            self.sessions.add(SESSION)
            return 201, {"type": "token", "token": SESSION}
        if split.path == "/v3/settings/cacerts":
            return 200, {"id": "cacerts", "value": self.certificates.rstrip("\n")}
        if split.path.startswith("/v3/import/"):
            return 200, "kind: Namespace\n"
        if bearer not in {KEY, *self.sessions}:
            return 401, {"type": "error", "code": "Unauthorized", "message": "must authenticate"}
        if path == "/v3/tokens?action=logout":
            self.sessions.clear()
            return 200, {}
        if split.path == "/v3/settings/agent-tls-mode":
            return 200, {"id": "agent-tls-mode", "value": "strict"}
        if split.path == "/v3/clusterregistrationtokens":
            return self._registration(method, asked, body)
        return self._clusters(method, split.path, asked, body)

    def _clusters(
        self, method: str, path: str, asked: dict[str, str], body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        name = path.removeprefix("/v3/clusters").lstrip("/")
        if method == "GET":
            self.lingers -= 1
            gone = [one for one in self.clusters.values() if one.get("removed")]
            for one in gone if self.lingers < 0 else []:
                del self.clusters[one["id"]]
            return 200, self._page(
                [o for o in self.clusters.values() if o["name"] == asked["name"]]
            )
        if method == "POST":
            made = {"id": f"c-{len(self.clusters):05}", "state": "pending", "labels": {}, **body}
            self.clusters[made["id"]] = made
            return 201, made
        if method == "DELETE":
            self.clusters[name]["removed"] = True
            return 204, {}
        self.clusters[name].update(body)
        return 200, self.clusters[name]

    def _page(self, whole: list[dict[str, Any]]) -> dict[str, Any]:
        return {"type": "collection", "data": whole, "pagination": {"limit": 1000}}

    def _registration(
        self, method: str, asked: dict[str, str], body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        if method == "GET":
            self.fills_in_after -= 1
            if self.fills_in_after < 0:
                for one in self.tokens:
                    self.fill_in(one)
            mine = [one for one in self.tokens if one["clusterId"] == asked["clusterId"]]
            return 200, self._page(mine)
        self.tokens.append(dict(body))
        return 201, body

    def fill_in(self, one: dict[str, Any]) -> None:
        url = f"https://rancher.example/v3/import/abcdef_{one['clusterId']}.yaml"
        one.update(
            token="abcdef",
            manifestUrl=url,
            command=f"kubectl apply -f {url}",
            insecureCommand=f"curl --insecure -sfL {url} | kubectl apply -f -",
        )

    def said(self, method: str) -> list[str]:
        return [path for verb, path, _ in self.sent if verb == method]


def _certificates(folder: Path) -> tuple[Path, str]:
    """A key with its certificate for loopback in one file, and the CA that signed it."""
    now = datetime.now(UTC)

    def made(name: str, issuer: x509.Name, key: Any, signer: Any, *, ca: bool) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1))
        builder = builder.not_valid_after(now + timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), True)
        address = x509.IPAddress(ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), False)
        return builder.sign(signer, hashes.SHA256())

    above = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dynamiclistener-ca")])
    authority = made("dynamiclistener-ca", name, above, above, ca=True)
    own = made("rancher", authority.subject, key, above, ca=False)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both = folder / "both.pem"
    both.write_bytes(private + own.public_bytes(pem))
    return both, authority.public_bytes(pem).decode()


@pytest.fixture
def rancher(tmp_path: Path) -> Iterator[Rancher]:
    double = Rancher()
    file, double.certificates = _certificates(tmp_path)

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size) or b"{}")
            bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, made = double.answer(self.command, self.path, body, bearer)
            data = made.encode() if isinstance(made, str) else json.dumps(made).encode()
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if status != 204:
                self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = handle_one  # noqa: N815 - the library calls them so

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    double.url = f"https://127.0.0.1:{server.server_address[1]}"
    running = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    running.start()
    yield double
    server.shutdown()
    server.server_close()
    running.join()


@pytest.fixture
def host(rancher: Rancher, tmp_path: Path) -> FakeHost:
    made = FakeHost(files={"/etc/ca.pem": rancher.certificates})
    real = LocalHost(Blobs(str(tmp_path), lambda digest: None))
    made.http = real.http  # type: ignore[method-assign]
    return made


@pytest.fixture
def args(rancher: Rancher) -> dict[str, Any]:
    return {"url": rancher.url, "token": KEY, "ca_file": "/etc/ca.pem", "name": "edge"}


def checksum(rancher: Rancher) -> str:
    return hashlib.sha256(rancher.certificates.encode()).hexdigest()


def test_a_cluster_is_planned_made_and_then_as_wanted(rancher, host, args):
    args |= {"description": "at the edge", "labels": {"site": "north"}}
    planned = plan(module, args, host)
    assert planned.action == "create"
    assert planned.after["labels"] == {"site": "north"}
    assert rancher.said("POST") == []

    made = play(module, args, host)
    assert (made.action, made.changed) == ("create", True)
    assert made["id"] == "c-00001"
    assert made["manifest"] == "kind: Namespace\n"
    assert made["manifest_url"].endswith("/v3/import/abcdef_c-00001.yaml")
    assert made["ca_checksum"] == checksum(rancher)
    assert made["agent_tls_mode"] == "strict"
    assert rancher.said("POST") == ["/v3/clusters", "/v3/clusterregistrationtokens"]
    assert rancher.sent[-1][1].startswith("/v3/import/")

    assert plan(module, args, host).action == "none"
    again = play(module, args, host)
    assert not again.changed
    assert again.fields == made.fields
    assert rancher.said("POST") == ["/v3/clusters", "/v3/clusterregistrationtokens"]


def test_a_cluster_made_without_a_token_gets_one(rancher, host, args):
    # What the API alone makes has no commands until a token is made for it
    rancher.clusters["c-7"] = {"id": "c-7", "name": "edge", "state": "pending"}
    rancher.fills_in_after = 3
    assert plan(module, args, host).after == {"registration": "present"}
    made = play(module, args, host)
    assert made.action == "update"
    assert made["command"].startswith("kubectl apply -f https://")
    assert rancher.said("PUT") == []


def test_commands_that_never_come_fail(rancher, host, args):
    rancher.fills_in_after = 10_000
    failed = play(module, args | {"wait_timeout": 3}, host)
    assert failed.failed
    assert "gave no manifest URL for cluster edge within 3 seconds" in failed.msg


def test_labels_of_others_are_kept(rancher, host, args):
    play(module, args, host)
    rancher.clusters["c-00001"]["labels"] = {"provider.cattle.io": "k3s", "site": "south"}
    args |= {"labels": {"site": "north"}}
    planned = plan(module, args, host)
    assert (planned.before, planned.after) == (
        {"labels": {"site": "south"}},
        {"labels": {"site": "north"}},
    )
    play(module, args, host)
    assert rancher.clusters["c-00001"]["labels"] == {
        "provider.cattle.io": "k3s",
        "site": "north",
    }
    assert plan(module, args, host).action == "none"


def test_annotations_and_description_are_changed(rancher, host, args):
    play(module, args | {"description": "old"}, host)
    more = args | {"description": "new", "annotations": {"rancher.io/x": "1"}, "manifest": False}
    changed = play(module, more, host)
    assert changed.action == "update"
    assert "manifest" not in changed.fields
    assert rancher.clusters["c-00001"]["description"] == "new"
    assert rancher.clusters["c-00001"]["annotations"] == {"rancher.io/x": "1"}


def test_a_cluster_is_removed_and_waited_for(rancher, host, args):
    play(module, args, host)
    rancher.lingers = 4
    gone = args | {"state": "absent"}
    assert plan(module, gone, host).action == "remove"
    assert play(module, gone, host)["id"] == "c-00001"
    assert list(rancher.clusters) == ["local"]
    assert plan(module, gone, host).action == "none"


def test_a_removal_that_takes_too_long_fails(rancher, host, args):
    play(module, args, host)
    rancher.lingers = 10_000
    failed = play(module, args | {"state": "absent", "wait_timeout": 2}, host)
    assert "still there 2 seconds after its removal" in failed.msg


def test_the_cluster_of_rancher_itself_is_neither_imported_nor_removed(rancher, host, args):
    args["name"] = "local"
    assert plan(module, args, host).action == "none"
    assert "that Rancher itself runs in" in play(module, args | {"state": "absent"}, host).msg
    assert rancher.said("POST") == []


def test_two_clusters_of_one_name_are_refused(rancher, host, args):
    for name in ("c-1", "c-2"):
        rancher.clusters[name] = {"id": name, "name": "edge"}
    assert "several clusters named edge: c-1, c-2" in play(module, args, host).msg


def test_a_password_logs_in_and_out_again(rancher, host, args):
    del args["token"]
    args["password"] = PASSWORD
    made = play(module, args, host)
    assert made.changed
    assert rancher.sessions == set()
    login = next(body for _, path, body in rancher.sent if path.endswith("action=login"))
    assert (login["username"], login["ttl"]) == ("admin", 600000)
    assert not any(PASSWORD in path for _, path, _ in rancher.sent)


def test_a_plan_makes_no_session(rancher, host, args):
    del args["token"]
    planned = plan(module, args | {"password": PASSWORD}, host)
    assert not planned.known
    assert "a plan does not log in with a password" in planned.msg
    assert rancher.said("POST") == []


def test_a_wrong_password_is_told_without_it(rancher, host, args):
    del args["token"]
    failed = play(module, args | {"username": "ops", "password": "guess"}, host)
    assert "answered 401 to POST /v3-public/localProviders/local: must authenticate" in failed.msg
    assert "guess" not in failed.msg


@pytest.mark.parametrize("ending", ["\n", ""])
def test_the_ca_is_known_by_its_checksum(rancher, host, args, ending):
    del args["ca_file"]
    text = rancher.certificates.rstrip("\n") + ending
    args["ca_checksum"] = hashlib.sha256(text.encode()).hexdigest().upper()
    assert play(module, args, host).changed


def test_another_checksum_is_refused_before_a_secret_is_sent(rancher, host, args):
    del args["ca_file"]
    failed = play(module, args | {"ca_checksum": "0" * 64}, host)
    assert f"is {checksum(rancher)}, expected {'0' * 64}" in failed.msg
    assert rancher.sent == [("GET", "/v3/settings/cacerts", {})]


def test_without_its_ca_the_host_does_not_trust_it(rancher, host, args):
    del args["ca_file"]
    assert "certificate verify failed" in play(module, args, host).msg
    assert rancher.sent == []


def test_a_file_that_is_not_there_is_named(host, args):
    assert "no file /nowhere on the host" in play(module, args | {"ca_file": "/nowhere"}, host).msg


def test_a_rancher_that_does_not_answer(host, args):
    args |= {"url": "https://127.0.0.1:1", "timeout": 1}
    assert not plan(module, args, host).known
    assert "does not answer" in play(module, args, host).msg


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "http://10.0.0.1"}, "begins with https://"),
        ({"state": "maybe"}, "state"),
        ({"token": None}, "token"),
        ({"password": PASSWORD}, "token"),
        ({"ca_checksum": "0" * 64}, "ca_file"),
    ],
)
def test_what_is_refused(host, args, given, said):
    wrong = {name: value for name, value in (args | given).items() if value is not None}
    with pytest.raises((AssertionError, ModuleFailure), match=said):
        module.observe(host, checked(module, wrong))
