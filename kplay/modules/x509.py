"""X.509 certificates (RFC 5280), read from their bytes into the fields that Ansible returns."""

import base64
import hashlib
import ipaddress
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from kplay.modules import der, x509_names
from kplay.modules.api import ModuleFailure

_PEM = re.compile(rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----\s(.*?)-----END ", re.DOTALL)
Names = List[List[str]]


class Extension(NamedTuple):
    """One extension of a certificate."""

    critical: bool
    data: bytes


class Certificate(object):
    """A certificate, taken apart."""

    def __init__(self, data: bytes) -> None:
        """Read PEM or DER.

        Raises:
            ModuleFailure: it is no certificate.
        """
        pem = _PEM.search(data)
        self.whole = base64.b64decode(pem.group(1)) if pem else data
        try:
            body, algorithm, _ = der.values(self.whole)[0].parts()
            fields = body.parts()
            self.version = fields.pop(0).parts()[0].number() + 1 if fields[0].tag == 0xA0 else 1
            self.serial = fields[0].number()
            self.algorithm = algorithm.parts()[0].name()
            self.issuer = names(fields[2])
            self.not_before, self.not_after = [moment(one) for one in fields[3].parts()]
            self.subject = names(fields[4])
            self.key = fields[5]
            self.extensions = _extensions(fields[6:])
        except (IndexError, ValueError):
            raise ModuleFailure("the data is no certificate in PEM or DER") from None


def names(name: der.Value) -> Names:
    """The parts of a distinguished name, in order."""
    found = []
    for group in name.parts():
        for pair in group.parts():
            kind, value = pair.parts()
            found.append([x509_names.SUBJECT.get(kind.name(), kind.name()), value.text()])
    return found


def moment(value: der.Value) -> str:
    """A time as YYYYMMDDHHMMSSZ; years of two digits are those from 1950 on."""
    text = value.body.decode("ascii")
    if value.tag == 0x17:
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    return text


def _extensions(fields: List[der.Value]) -> Dict[str, Extension]:
    found: Dict[str, Extension] = {}
    for field in fields:
        for one in field.parts()[0].parts() if field.tag == 0xA3 else []:
            parts = one.parts()
            critical = len(parts) == 3 and parts[1].body != b"\x00"
            found[parts[0].name()] = Extension(critical, parts[-1].body)
    return found


def fingerprints(data: bytes) -> Dict[str, str]:
    """Digests with colons, by every algorithm that each host has."""
    found = {}
    for name in sorted(hashlib.algorithms_guaranteed):
        try:
            made: Any = hashlib.new(name, data)
        except ValueError:
            continue
        text = made.hexdigest(32) if name.startswith("shake") else made.hexdigest()
        found[name] = colons(bytes.fromhex(text))
    return found


def colons(data: bytes) -> str:
    """Bytes in hexadecimal with colons between them."""
    return ":".join(f"{byte:02x}" for byte in data)


def general_names(data: List[der.Value]) -> List[str]:
    """Names of hosts, addresses and the like, each with its kind before it."""
    found = []
    for one in data:
        kind = one.tag & 0x1F
        if kind in (1, 2, 6):
            found.append({1: "email", 2: "DNS", 6: "URI"}[kind] + ":" + one.body.decode("ascii"))
        elif kind == 7:
            found.append(f"IP:{ipaddress.ip_address(one.body)}")
        elif kind == 8:
            found.append("RID:" + der.oid(one.body))
        elif kind == 4:
            # as RFC 4514 writes it: the last part first
            parts = [f"{x509_names.SHORT.get(n, n)}={v}" for n, v in names(one.parts()[0])]
            found.append("dirName:" + ",".join(reversed(parts)))
        else:
            found.append("otherName:" + colons(one.body))
    return found


def public_key(key: der.Value) -> Tuple[str, Dict[str, Any]]:
    """The kind of a key, and its numbers."""
    algorithm, bits = key.parts()
    parts = algorithm.parts()
    name = parts[0].name()
    kind = x509_names.KEYS.get(name, f"unknown ({name})")
    data = bits.body[1:]
    if kind == "RSA":
        modulus, exponent = [one.number() for one in der.values(data)[0].parts()]
        return kind, {"size": modulus.bit_length(), "modulus": modulus, "exponent": exponent}
    if kind == "ECC" and data[:1] == b"\x04":
        curve, size = x509_names.CURVES.get(parts[1].name(), (parts[1].name(), 0))
        half = (len(data) - 1) // 2
        x, y = [int.from_bytes(one, "big") for one in (data[1 : 1 + half], data[1 + half :])]
        return kind, {"curve": curve, "exponent_size": size, "x": x, "y": y}
    return kind, {}


def pem(label: str, data: bytes) -> str:
    """DER as text."""
    text = base64.b64encode(data).decode("ascii")
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def usages(bits: bytes) -> List[str]:
    """What a key may be used for, from a BIT STRING."""
    found = []
    for index, name in enumerate(x509_names.USAGES):
        byte, bit = 1 + index // 8, 0x80 >> index % 8
        if byte < len(bits) and bits[byte] & bit:
            found.append(name)
    return sorted(found)


def constraints(data: bytes) -> List[str]:
    """Whether it may sign others, and how deep."""
    parts = der.values(data)[0].parts()
    ca = bool(parts) and parts[0].tag == 0x01 and parts[0].body != b"\x00"
    depth = [one.number() for one in parts if one.tag == der.INTEGER]
    return ["CA:TRUE" if ca else "CA:FALSE", *(f"pathlen:{one}" for one in depth)]


def access(data: bytes, method: str) -> Optional[str]:
    """The first address of a service of the issuer."""
    for one in der.values(data)[0].parts():
        kind, place = one.parts()
        if kind.name() == method and place.tag & 0x1F == 6:
            return place.body.decode("ascii")
    return None
