from __future__ import annotations

import base64

import pytest

from kplay.modules import der, schema
from kplay.modules.api import ModuleFailure
from kplay.modules.x509_certificate_info import module, when
from kplay.testing import FakeHost, plan, play

# Made with openssl for these tests; the keys are gone
WEB = """\
-----BEGIN CERTIFICATE-----
MIIDJjCCAg6gAwIBAgIUD+RyebSosJRYCYqY63M1JT/m7DgwDQYJKoZIhvcNAQEL
BQAwMTELMAkGA1UEBhMCREUxDTALBgNVBAoMBE91cnMxEzARBgNVBAMMCmNhLmV4
YW1wbGUwHhcNMjYxMTI2MTk0ODIwWhcNMjYxMjA2MTk0ODIwWjAqMRQwEgYDVQQD
DAt3ZWIuZXhhbXBsZTESMBAGCSqGSIb3DQEJARYDYUBiMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEpENHeK62F2e4eo0b4u+3WAsob1vzoAzCbleusaMpJ5nYtsFf
wx+dcTbHwAqLeQ9MEKJ8xzQLCoi4jPzxMhgXHqOCAQYwggECMD8GA1UdEQQ4MDaC
C3dlYi5leGFtcGxlhwQKAAABhxD9AAAAAAAAAAAAAAAAAAABgQNhQGKGCmh0dHBz
Oi8veC8wHQYDVR0lBBYwFAYIKwYBBQUHAwEGCCsGAQUFBwMCMAsGA1UdDwQEAwIH
gDAfBgNVHSMEGDAWgBRs18vg4PQw8ZBz/UnDTMFR2BEEoTAdBgNVHQ4EFgQUqjlS
n6PxStIxUhS1shgrpuQFqC0wQAYIKwYBBQUHAQEENDAyMBgGCCsGAQUFBzABhgxo
dHRwOi8vb2NzcC8wFgYIKwYBBQUHMAKGCmh0dHA6Ly9jYS8wEQYIKwYBBQUHARgE
BTADAgEFMA0GCSqGSIb3DQEBCwUAA4IBAQB2d9ewF0ExdzuwvkvdL9YhSySsBOI7
ETasdEzLld0y+0xnsS3qwf6AZAN2SUzSeuepncbdnr/3WPkpSyMk42flPTxGSY6a
Z7JXSliPw/zFjQ/sEFhgLwSpK7jxVaDbKDKitA0U7Z2C+ggHxdpovhE93jCfPN+J
1EGeJBZCvcpqC8QXlY7Flw01fG15E9glZ70Yu4D3WfrvNlugJF32oG2h92zeMuVH
TcNZvxbFHGPO+tFVys/N8uOrl2Y44sCHW88oJtkgjXIpLGf8g9iAkvduLIMGm+fB
HzSzE8BWjdV+PCcoE5MsAK7ju1sxg+sQx6jLdIL73n5Mgs81tmpvvcHc
-----END CERTIFICATE-----
"""
SIMPLE = """\
-----BEGIN CERTIFICATE-----
MIIBLjCB4aADAgECAhQt/ZpJLPn6Tz6qWy10SlCLPzR+4TAFBgMrZXAwDTELMAkG
A1UEAwwCZWQwHhcNMjYxMTI2MTk0ODIwWhcNMzYxMTIzMTk0ODIwWjANMQswCQYD
VQQDDAJlZDAqMAUGAytlcAMhAMm5NXGQdBL6sw/1s0O2W4w9p/E87EI3+I6BVgr0
KJJio1MwUTAdBgNVHQ4EFgQU+PubwnToG4X4mJV0+WBQnAF4P8wwHwYDVR0jBBgw
FoAU+PubwnToG4X4mJV0+WBQnAF4P8wwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXAD
QQCUuFeQ2uRSCVFyxwSO6xlLXlROG+68phTzRKWco7cvfyqH74kLitcTCh3NReoC
heq0IoHIitzTUVBhPX7oBEcC
-----END CERTIFICATE-----
"""
NOW = 1795808900.0


def info(text: str = WEB, **args: object) -> dict[str, object]:
    there = FakeHost(files={"/c.pem": text}, now=NOW)
    assert plan(module, {"path": "/c.pem", **args}, there).action == "none"
    done = play(module, {"path": "/c.pem", **args}, there)
    assert not done.changed
    assert not done.failed, done.msg
    return done.fields


def test_whose_it_is_and_until_when() -> None:
    found = info()
    assert found["subject"] == {"commonName": "web.example", "emailAddress": "a@b"}
    assert found["subject_ordered"] == [["commonName", "web.example"], ["emailAddress", "a@b"]]
    assert found["issuer"] == {
        "countryName": "DE", "organizationName": "Ours", "commonName": "ca.example",
    }  # fmt: skip
    assert (found["version"], found["expired"]) == (3, False)
    assert found["not_before"] == "20261126194820Z"
    assert found["not_after"] == "20261206194820Z"
    assert found["serial_number"] == int("FE47279B4A8B09458098A98EB7335253FE6EC38", 16)
    assert found["signature_algorithm"] == "sha256WithRSAEncryption"


def test_what_it_may_be_used_for() -> None:
    found = info()
    assert found["subject_alt_name"] == [
        "DNS:web.example", "IP:10.0.0.1", "IP:fd00::1", "email:a@b", "URI:https://x/",
    ]  # fmt: skip
    assert found["key_usage"] == ["Digital Signature"]
    assert found["extended_key_usage"] == [
        "TLS Web Client Authentication", "TLS Web Server Authentication",
    ]  # fmt: skip
    assert (found["ocsp_uri"], found["issuer_uri"]) == ("http://ocsp/", "http://ca/")
    assert (found["ocsp_must_staple"], found["basic_constraints"]) == (True, None)
    assert (
        found["subject_key_identifier"]
        == "aa:39:52:9f:a3:f1:4a:d2:31:52:14:b5:b2:18:2b:a6:e4:05:a8:2d"
    )
    assert (
        found["authority_key_identifier"]
        == "6c:d7:cb:e0:e0:f4:30:f1:90:73:fd:49:c3:4c:c1:51:d8:11:04:a1"
    )
    assert (found["key_usage_critical"], found["authority_cert_issuer"]) == (False, None)


def test_its_key() -> None:
    found = info()
    assert found["public_key_type"] == "ECC"
    assert found["public_key_data"]["curve"] == "secp256r1"  # type: ignore[index]
    assert found["public_key_data"]["exponent_size"] == 256  # type: ignore[index]
    assert str(found["public_key"]).startswith("-----BEGIN PUBLIC KEY-----\n")
    digest = "fd300096873070f6e1938d6ec735f3942f95666fab9fc1e582d050233768c256"
    assert found["fingerprints"]["sha256"].replace(":", "") == digest  # type: ignore[index]


def test_other_kinds() -> None:
    found = info(SIMPLE)
    assert (found["public_key_type"], found["public_key_data"]) == ("Ed25519", {})
    assert found["signature_algorithm"] == "ED25519"
    assert (found["basic_constraints"], found["basic_constraints_critical"]) == (["CA:TRUE"], True)
    assert (found["ocsp_uri"], found["subject_alt_name"]) == (None, None)


def test_der_and_content() -> None:
    there = FakeHost(now=NOW)
    body = "".join(line for line in WEB.splitlines() if not line.startswith("-"))
    there.add_file("/c.der", base64.b64decode(body))
    one = play(module, {"path": "/c.der", "select_crypto_backend": "cryptography"}, there).fields
    assert one == play(module, {"content": WEB}, there).fields


def test_moments() -> None:
    asked = {"soon": "+1d", "late": "+100w", "before": "-100w", "then": "20400101000000Z"}
    assert info(valid_at=asked)["valid_at"] == {
        "soon": True, "late": False, "before": False, "then": False,
    }  # fmt: skip
    assert when("+1w2d3h4m5s", 0.0) == 788645.0
    with pytest.raises(ModuleFailure, match="not a valid time"):
        when("tomorrow", 0.0)


def test_what_cannot_be() -> None:
    there = FakeHost(files={"/bad": "x"})
    assert play(module, {"path": "/bad"}, there).failed
    assert "does not exist" in play(module, {"path": "/none"}, there).msg
    assert plan(module, {"path": "/none"}, there).unknown == "no file /none on the host yet"
    assert "required: content" in play(module, {}, there).msg
    with pytest.raises(ModuleFailure, match="not DER"):
        der.values(b"\x30\x82")
    fault = schema.normalise(module, {"path": "/x", "name_encoding": "idna"})[1][0]
    assert "as the certificate has them" in fault.message


def test_its_older_name() -> None:
    from kplay.modules import catalog

    for name in ("openssl_certificate_info", "community.crypto.x509_certificate_info"):
        assert catalog.find(name) is module
