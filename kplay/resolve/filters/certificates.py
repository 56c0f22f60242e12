"""Filters of community.crypto over certificates and serial numbers."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kplay.resolve.filters.registry import kind_of

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, GeneralName, Name

_PEM = re.compile(r"-----BEGIN ([^-]+)-----.*?-----END \1-----\n?", re.DOTALL)
_USAGES = {
    "digital_signature": "Digital Signature",
    "content_commitment": "Non Repudiation",
    "key_encipherment": "Key Encipherment",
    "data_encipherment": "Data Encipherment",
    "key_agreement": "Key Agreement",
    "key_cert_sign": "Certificate Sign",
    "crl_sign": "CRL Sign",
    "encipher_only": "Encipher Only",
    "decipher_only": "Decipher Only",
}
"""As OpenSSL prints the bits of RFC 5280, section 4.2.1.3."""
_EXTENDED = {
    "1.3.6.1.5.5.7.3.1": "TLS Web Server Authentication",
    "1.3.6.1.5.5.7.3.2": "TLS Web Client Authentication",
    "1.3.6.1.5.5.7.3.3": "Code Signing",
    "1.3.6.1.5.5.7.3.4": "E-mail Protection",
    "1.3.6.1.5.5.7.3.8": "Time Stamping",
    "1.3.6.1.5.5.7.3.9": "OCSP Signing",
    "2.5.29.37.0": "Any Extended Key Usage",
}
_SIGNED = {"ed25519": "ED25519", "ed448": "ED448"}
_ACCESS = {"OCSP": "ocsp_uri", "caIssuers": "issuer_uri"}
_KINDS = {"DNSName": "DNS", "RFC822Name": "email", "UniformResourceIdentifier": "URI"}
_HASHES = ("blake2b", "blake2s", "md5", "sha1", "sha224", "sha256", "sha384", "sha3_224",
           "sha3_256", "sha3_384", "sha3_512", "sha512")  # fmt: skip


def _colons(data: bytes) -> str:
    return data.hex(":")


def _fingerprints(data: bytes) -> dict[str, str]:
    found = {name: hashlib.new(name, data, usedforsecurity=False).digest() for name in _HASHES}
    found |= {"shake_128": hashlib.shake_128(data).digest(32)}
    found |= {"shake_256": hashlib.shake_256(data).digest(32)}
    return {name: _colons(one) for name, one in found.items()}


def _ordered(name: Name) -> list[list[str]]:
    return [[_field(one.oid._name, one.oid.dotted_string), str(one.value)] for one in name]


def _field(name: str, oid: str) -> str:
    return oid if name == "Unknown OID" else name


def _general(name: GeneralName) -> str:
    kind, value = type(name).__name__, name.value
    if kind == "IPAddress":
        return f"IP:{value}"
    if kind == "DirectoryName":
        return "dirName:" + ",".join(f"{key}={one}" for key, one in _ordered(value))
    if kind == "RegisteredID":
        return f"RID:{value.dotted_string}"
    return f"{_KINDS.get(kind, kind)}:{value}"


def x509_certificate_info(value: Any, name_encoding: str = "ignore") -> dict[str, Any]:
    """What a certificate in PEM says."""
    if not isinstance(value, str):
        raise TypeError(f"it takes a certificate in PEM, not {kind_of(value)}")
    if name_encoding != "ignore":
        raise ValueError("name_encoding can only be `ignore` here")
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    found = x509.load_pem_x509_certificate(value.encode())
    signed = found.signature_algorithm_oid
    form = "%Y%m%d%H%M%SZ"
    return {
        "version": found.version.value + 1,
        "serial_number": found.serial_number,
        "signature_algorithm": _SIGNED.get(signed._name, signed._name),
        "subject": dict(_ordered(found.subject)),
        "subject_ordered": _ordered(found.subject),
        "issuer": dict(_ordered(found.issuer)),
        "issuer_ordered": _ordered(found.issuer),
        "not_before": found.not_valid_before_utc.strftime(form),
        "not_after": found.not_valid_after_utc.strftime(form),
        "expired": found.not_valid_after_utc < datetime.now(UTC),
        "fingerprints": _fingerprints(found.public_bytes(Encoding.DER)),
        **_public_key(found),
        **_extensions(found),
        "extensions_by_oid": {
            one.oid.dotted_string: {
                "critical": one.critical,
                "value": base64.b64encode(one.value.public_bytes()).decode(),
            }
            for one in found.extensions
        },
    }


def _public_key(found: Certificate) -> dict[str, Any]:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = found.public_key()
    info = PublicFormat.SubjectPublicKeyInfo
    kind = type(key).__name__.removesuffix("PublicKey").lstrip("_")
    data: dict[str, Any] = {}
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        kind = "RSA"
        data = {"modulus": numbers.n, "exponent": numbers.e, "size": key.key_size}
    elif isinstance(key, ec.EllipticCurvePublicKey):
        point = key.public_numbers()
        kind = "ECC"
        data = {"curve": key.curve.name, "exponent_size": key.key_size, "x": point.x, "y": point.y}
    return {
        "public_key": key.public_bytes(Encoding.PEM, info).decode(),
        "public_key_type": kind,
        "public_key_data": data,
        "public_key_fingerprints": _fingerprints(key.public_bytes(Encoding.DER, info)),
    }


def _extensions(found: Certificate) -> dict[str, Any]:
    from cryptography import x509

    result: dict[str, Any] = {
        "ocsp_must_staple": None,
        "ocsp_must_staple_critical": False,
        "ocsp_uri": None,
        "issuer_uri": None,
        "subject_key_identifier": None,
        "authority_key_identifier": None,
        "authority_cert_issuer": None,
        "authority_cert_serial_number": None,
    }
    for name in ("key_usage", "extended_key_usage", "basic_constraints", "subject_alt_name"):
        result |= {name: None, f"{name}_critical": False}
    for one in found.extensions:
        value, critical = one.value, one.critical
        if isinstance(value, x509.KeyUsage):
            bits = [said for name, said in _USAGES.items() if _bit(value, name)]
            result |= {"key_usage": sorted(bits), "key_usage_critical": critical}
        elif isinstance(value, x509.ExtendedKeyUsage):
            names = [_EXTENDED.get(use.dotted_string, use.dotted_string) for use in value]
            result |= {"extended_key_usage": sorted(names), "extended_key_usage_critical": critical}
        elif isinstance(value, x509.BasicConstraints):
            says = [f"CA:{str(value.ca).upper()}"]
            says += [f"pathlen:{value.path_length}"] if value.path_length is not None else []
            result |= {"basic_constraints": says, "basic_constraints_critical": critical}
        elif isinstance(value, x509.SubjectAlternativeName):
            result["subject_alt_name"] = [_general(each) for each in value]
            result["subject_alt_name_critical"] = critical
        elif isinstance(value, x509.TLSFeature):
            staple = x509.TLSFeatureType.status_request in value
            result |= {"ocsp_must_staple": staple, "ocsp_must_staple_critical": critical}
        elif isinstance(value, x509.SubjectKeyIdentifier):
            result["subject_key_identifier"] = _colons(value.digest)
        elif isinstance(value, x509.AuthorityKeyIdentifier):
            result["authority_key_identifier"] = _colons(value.key_identifier or b"") or None
            issuer = value.authority_cert_issuer
            result["authority_cert_issuer"] = (
                [_general(each) for each in issuer] if issuer else None
            )
            result["authority_cert_serial_number"] = value.authority_cert_serial_number
        elif isinstance(value, x509.AuthorityInformationAccess):
            for access in value:
                field = _ACCESS.get(access.access_method._name)
                if field is not None:
                    result[field] = str(access.access_location.value)
    return result


def _bit(value: Any, name: str) -> bool:
    if name in ("encipher_only", "decipher_only") and not value.key_agreement:
        return False
    return bool(getattr(value, name))


def split_pem(value: Any) -> list[str]:
    """The objects that a PEM text holds, one after the other."""
    if not isinstance(value, str):
        raise TypeError(f"it takes a text, not {kind_of(value)}")
    return [match[0] for match in _PEM.finditer(value)]


def to_serial(value: Any) -> str:
    """A serial number as hexadecimal bytes with colons."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"`{value}` is not a whole number from zero on")
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big").hex(":").upper()


def parse_serial(value: Any) -> int:
    """The serial number behind hexadecimal bytes with colons."""
    parts = str(value).split(":")
    if not all(re.fullmatch("[0-9A-Fa-f]{1,2}", one) for one in parts):
        raise ValueError(f"`{value}` is not a serial number such as 1A:2B")
    return int("".join(one.zfill(2) for one in parts), 16)


COLLECTIONS = {
    f"community.crypto.{name}": function
    for name, function in {
        "parse_serial": parse_serial,
        "split_pem": split_pem,
        "to_serial": to_serial,
        "x509_certificate_info": x509_certificate_info,
    }.items()
}
