import base64
import hashlib
from typing import Any

import pytest

from kplay.modules import kubeadm
from kplay.modules.api import ModuleFailure
from kplay.modules.kubeadm_token import module
from kplay.testing.host import FakeHost

KEY = "0123456789abcdef" * 4
SPKI = b"\x30\x03\x02\x01\x07"


def der(tag: int, data: bytes) -> bytes:
    if len(data) < 0x80:
        return bytes([tag, len(data)]) + data
    return bytes([tag, 0x82, len(data) >> 8, len(data) & 0xFF]) + data


def certificate(version: bytes = b"\xa0\x03\x02\x01\x02") -> str:
    name = der(0x30, b"\x00" * 200)
    fields = version + b"\x02\x01\x01" + b"\x30\x00" + name + b"\x30\x00" + name + SPKI
    whole = der(0x30, der(0x30, fields) + b"\x30\x00" + b"\x03\x01\x00")
    text = base64.encodebytes(whole).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"


def control_plane() -> FakeHost:
    files = {
        kubeadm.CA: certificate(),
        kubeadm.ADMIN: "clusters:\n- cluster:\n    server: https://10.9.0.11:6443\n",
    }
    return FakeHost(files=files).when("kubeadm token", stdout="abcdef.0123456789abcdef\n")


def through(host: FakeHost, **args: Any) -> dict[str, Any]:
    given = {name: arg.default for name, arg in module.args.items()} | args
    found = module.observe(host, given)
    wanted = module.desire(given, found)
    assert wanted == {"token": "a bootstrap token for 1h"}
    assert module.apply is not None
    return dict(module.apply(host, given, found, wanted))


def test_makes_a_token_and_says_what_a_join_needs() -> None:
    host = control_plane()
    assert through(host) == {
        "token": "abcdef.0123456789abcdef",
        "ca_cert_hashes": ["sha256:" + hashlib.sha256(SPKI).hexdigest()],
        "api_endpoint": "10.9.0.11:6443",
    }
    assert host.runs[0].argv[:7] == (
        "kubeadm", "token", "create", "--kubeconfig", kubeadm.ADMIN, "--ttl", "1h",
    )  # fmt: skip


def test_uploads_certificates_when_asked() -> None:
    host = control_plane().when("kubeadm init phase", stdout=f"[upload-certs] x\n{KEY}\n")
    assert through(host, certificate_key=True, config="/x")["certificate_key"] == KEY
    assert host.runs[1].argv[1:5] == ("init", "phase", "upload-certs", "--upload-certs")
    assert host.runs[1].argv[-2:] == ("--config", "/x")


def test_a_certificate_of_version_1_has_one_field_less() -> None:
    host = control_plane()
    host.add_file(kubeadm.CA, certificate(version=b""))
    assert kubeadm.authority(host) == "sha256:" + hashlib.sha256(SPKI).hexdigest()


@pytest.mark.parametrize(
    ("program", "args", "message"),
    [
        ("kubeadm token", {}, "printed no token"),
        ("kubeadm init", {"certificate_key": True}, "printed no certificate key"),
    ],
)
def test_silence_is_a_failure(program: str, args: dict[str, Any], message: str) -> None:
    with pytest.raises(ModuleFailure, match=message):
        through(control_plane().when(program, stdout=""), **args)


def test_an_authority_that_is_none_is_refused() -> None:
    with pytest.raises(ModuleFailure, match="holds no certificate"):
        kubeadm.authority(FakeHost(files={kubeadm.CA: "x"}))


def test_how_kubeadm_is_called() -> None:
    host = control_plane().when("/opt/kubeadm token", stdout="abcdef.0123456789abcdef\n")
    host.add_file("/k.conf", "server: https://other:6443\n")
    host.add_file("/ca.crt", certificate(version=b""))
    given = {name: arg.default for name, arg in module.args.items()}
    given.update(
        kubeadm="/opt/kubeadm", kubeconfig="/k.conf", ca_cert="/ca.crt", ttl="5m", description="d"
    )
    assert module.desire(given, {}) == {"token": "a bootstrap token for 5m"}
    assert module.apply is not None
    fields = module.apply(host, given, {}, {})
    assert host.runs[0].argv == (
        "/opt/kubeadm", "token", "create", "--kubeconfig", "/k.conf", "--ttl", "5m",
        "--description", "d",
    )  # fmt: skip
    assert fields["api_endpoint"] == "other:6443"
    assert fields["ca_cert_hashes"] == ["sha256:" + hashlib.sha256(SPKI).hexdigest()]


def test_a_ca_cert_elsewhere_is_the_one_that_is_read() -> None:
    host = control_plane()
    host.add_file("/bad.crt", "x")
    with pytest.raises(ModuleFailure, match=r"/bad\.crt holds no certificate"):
        through(host, ca_cert="/bad.crt")


def test_a_kubeadm_that_does_not_end() -> None:
    with pytest.raises(ModuleFailure, match="kubeadm token create did not end within 9 seconds"):
        through(control_plane().when("kubeadm token", rc=-15), timeout=9)
