"""x509_certificate_info: what is in an X.509 certificate; no program is needed for it."""

import base64
import calendar
import re
import time
from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from kplay.modules import der, x509, x509_names
from kplay.modules.api import Arg, Args, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Probe

_UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}


def observe(probe: "Probe", args: Args) -> State:
    """Read the certificate."""
    if args["content"] is not None:
        data = args["content"].encode("utf-8")
    elif args["path"] is None:
        raise ModuleFailure("one of the following is required: content, path")
    elif probe.stat(args["path"]) is None:
        message = f"Error while reading {args['path']}: it does not exist"
        raise lacking(probe, f"file {args['path']}", message)
    else:
        data = probe.read(args["path"])
    now = float(probe.facts()["now"])
    certificate = x509.Certificate(data)
    return {"fields": described(certificate, now, args["valid_at"] or {})}


def described(certificate: x509.Certificate, now: float, asked: Dict[str, Any]) -> State:
    """All return fields."""
    begins, ends = seconds(certificate.not_before), seconds(certificate.not_after)
    kind, numbers = x509.public_key(certificate.key)
    fields: State = {
        "version": certificate.version,
        "serial_number": certificate.serial,
        "signature_algorithm": x509_names.SIGNATURES.get(
            certificate.algorithm, certificate.algorithm
        ),
        "issuer": dict(certificate.issuer),
        "issuer_ordered": certificate.issuer,
        "subject": dict(certificate.subject),
        "subject_ordered": certificate.subject,
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "expired": ends < now,
        "valid_at": {name: begins <= when(str(one), now) <= ends for name, one in asked.items()},
        "fingerprints": x509.fingerprints(certificate.whole),
        "public_key": x509.pem("PUBLIC KEY", certificate.key.whole),
        "public_key_type": kind,
        "public_key_data": numbers,
        "public_key_fingerprints": x509.fingerprints(certificate.key.whole),
        "extensions_by_oid": {
            name: {
                "critical": one.critical,
                "value": base64.b64encode(one.data).decode("ascii"),
            }
            for name, one in certificate.extensions.items()
        },
    }
    fields.update(_extended(certificate.extensions))
    return fields


def seconds(moment: str) -> float:
    """A time of a certificate as seconds since the epoch."""
    return float(calendar.timegm(time.strptime(moment, "%Y%m%d%H%M%SZ")))


def when(text: str, now: float) -> float:
    """A time as given: YYYYMMDDHHMMSSZ, or how far from now, as in +32w1d2h.

    Raises:
        ModuleFailure: it is neither.
    """
    if re.match(r"^\d{14}Z$", text):
        return seconds(text)
    match = re.match(r"^([-+])((?:\d+[wdhms])+)$", text)
    if match is None:
        message = f'The time spec "{text}" is not a valid time: +32w1d2h and YYYYMMDDHHMMSSZ are'
        raise ModuleFailure(message)
    parts: List[Tuple[str, str]] = re.findall(r"(\d+)([wdhms])", match.group(2))
    far = sum(int(number) * _UNITS[unit] for number, unit in parts)
    return now + (far if match.group(1) == "+" else -far)


def _extended(extensions: Dict[str, x509.Extension]) -> State:
    fields: State = {}

    def take(oid: str, name: str, read: Any, critical: bool = True) -> None:
        one = extensions.get(oid)
        fields[name] = None if one is None else read(one.data)
        if critical:
            fields[name + "_critical"] = one is not None and one.critical

    take("2.5.29.15", "key_usage", lambda data: x509.usages(der.values(data)[0].body))
    take("2.5.29.37", "extended_key_usage", _purposes)
    take("2.5.29.19", "basic_constraints", x509.constraints)
    take("1.3.6.1.5.5.7.1.24", "ocsp_must_staple", _must_staple)
    take("2.5.29.17", "subject_alt_name", _names)
    take("2.5.29.14", "subject_key_identifier", _identifier, critical=False)
    fields.update(_authority(extensions.get("2.5.29.35")))
    for name, method in (("ocsp_uri", "48.1"), ("issuer_uri", "48.2")):
        one = extensions.get("1.3.6.1.5.5.7.1.1")
        fields[name] = None if one is None else x509.access(one.data, "1.3.6.1.5.5.7." + method)
    return fields


def _purposes(data: bytes) -> List[str]:
    names = [one.name() for one in der.values(data)[0].parts()]
    return sorted(x509_names.PURPOSES.get(name, name) for name in names)


def _must_staple(data: bytes) -> bool:
    return any(one.number() == 5 for one in der.values(data)[0].parts())


def _names(data: bytes) -> List[str]:
    return x509.general_names(der.values(data)[0].parts())


def _identifier(data: bytes) -> str:
    return x509.colons(der.values(data)[0].body)


def _authority(extension: Any) -> State:
    fields: State = dict.fromkeys(
        ("authority_key_identifier", "authority_cert_issuer", "authority_cert_serial_number")
    )
    if extension is None:
        return fields
    for one in der.values(extension.data)[0].parts():
        if one.tag == 0x80:
            fields["authority_key_identifier"] = x509.colons(one.body)
        elif one.tag == 0xA1:
            fields["authority_cert_issuer"] = x509.general_names(one.parts())
        elif one.tag == 0x82:
            fields["authority_cert_serial_number"] = one.number()
    return fields


def desire(_args: Args, _found: State) -> State:
    """Want nothing."""
    return {}


def result(_args: Args, found: State, _wanted: State, _changed: bool) -> State:
    """Give the fields."""
    return dict(found["fields"])


module = Module(
    "x509_certificate_info",
    args={
        "path": Arg("path"),
        "content": Arg(),
        "valid_at": Arg("dict"),
        "name_encoding": Arg(
            default="ignore",
            choices=("ignore", "idna", "unicode"),
            refused="names are given as the certificate has them",
        ),
        "select_crypto_backend": Arg(default="auto", choices=("auto", "cryptography", "pyopenssl")),
    },
    observe=observe,
    desire=desire,
    kind="read",
    reach="host",
    result=result,
    complete=True,
    exclusive_args=(("path", "content"),),
    also_known_as=("openssl_certificate_info", "community.crypto.openssl_certificate_info"),
)
