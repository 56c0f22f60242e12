"""The body of a form with files, as multipart/form-data (RFC 7578)."""

import base64
import hashlib
import mimetypes
import posixpath
import quopri
from typing import TYPE_CHECKING, Any, Dict, Tuple

from kplay.modules.api import ModuleFailure

if TYPE_CHECKING:
    from kplay.agent.host import Host


def encoded(host: "Host", fields: Any) -> Tuple[bytes, Dict[str, str]]:
    """The bytes and the header that names their boundary.

    Args:
        host: whose files ``filename`` names.
        fields: name to text, or to a mapping of filename, content, mime_type and
            multipart_encoding (base64, 7or8bit).

    Raises:
        ModuleFailure: a field is neither.
    """
    if not isinstance(fields, dict):
        raise ModuleFailure("body wants a mapping for form-multipart")
    parts = [_part(host, str(name), value) for name, value in fields.items()]
    seed = hashlib.sha256(b"".join(parts)).hexdigest()
    boundary = ("kplay" + seed[:32]).encode("ascii")
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts)
    body += b"--%s--\r\n" % boundary
    kind = "multipart/form-data; boundary=" + boundary.decode("ascii")
    return body, {"Content-Type": kind}


def _part(host: "Host", name: str, value: Any) -> bytes:
    if not isinstance(value, dict):
        place = f'Content-Disposition: form-data; name="{name}"'
        return "\r\n".join([place, "Content-Type: text/plain", "", str(value)]).encode()
    filename, content = value.get("filename"), value.get("content")
    if not filename and content is None:
        message = f"at least one of filename or content must be provided for the field {name}"
        raise ModuleFailure(message)
    data = host.read(str(filename)) if content is None else _bytes(host, content)
    guessed = mimetypes.guess_type(str(filename))[0] if filename else "text/plain"
    kind = value.get("mime_type") or guessed or "application/octet-stream"
    lines = [f'Content-Disposition: form-data; name="{name}"', f"Content-Type: {kind}"]
    if filename:
        lines[0] += f'; filename="{posixpath.basename(str(filename))}"'
    encoding = str(value.get("multipart_encoding") or ("base64" if filename else "7or8bit"))
    if encoding == "base64":
        lines.append("Content-Transfer-Encoding: base64")
        data = base64.encodebytes(data)
    elif encoding == "quoted-printable":
        lines.append("Content-Transfer-Encoding: quoted-printable")
        data = quopri.encodestring(data)
    return "\r\n".join([*lines, "", ""]).encode() + data


def _bytes(host: "Host", content: Any) -> bytes:
    return host.content(content) if isinstance(content, dict) else str(content).encode()
