"""get_url: a file with the content that a URL answers."""

import base64
import hashlib
import posixpath
import re
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Tuple
from urllib.parse import urlsplit

from kplay.agent.host import UnknownValue
from kplay.modules import ownership, textfile
from kplay.modules.api import ABSENT, UNKNOWN, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe, Response


PLAIN = {
    "http_agent": "ansible-httpget",
    "headers": None,
    "url_username": None,
    "force_basic_auth": False,
    "validate_certs": True,
    "timeout": 30,
    "client_cert": None,
    "client_key": None,
    "use_proxy": True,
    "use_netrc": False,
    "ciphers": (),
    "decompress": True,
    "unredirected_headers": (),
    "dest": "",
}
"""What fetch() is asked with where a module has no such arguments of its own."""

ARGS = {
    "ciphers": Arg("list", elements="str", default=()),
    "decompress": Arg("bool", default=True),
    "unredirected_headers": Arg("list", elements="str", default=()),
    "use_gssapi": Arg("bool", default=False, refused="Python's own library has no Kerberos"),
    "use_netrc": Arg("bool", default=True),
    "use_proxy": Arg("bool", default=True),
}
"""How a URL is asked for; uri has the same."""


def options(args: Args) -> State:
    """The options of Probe.http() that the arguments come to."""
    return {
        "proxy": args["use_proxy"],
        "ciphers": ":".join(args["ciphers"]),
        "decompress": args["decompress"],
        "unredirected": list(args["unredirected_headers"]),
    }


def login(probe: "Probe", args: Args, url: str) -> Tuple[str, str]:
    """User and password for a URL: those given, else those of ~/.netrc; empty for none."""
    if args["url_username"]:
        return str(args["url_username"]), str(args["url_password"] or "")
    path = str(probe.facts()["environ"].get("HOME", "")) + "/.netrc"
    if not args["use_netrc"] or not path.startswith("/") or probe.stat(path) is None:
        return "", ""
    words = textfile.decode(probe.read(path)).split()
    host = urlsplit(url).hostname
    found: Dict[str, str] = {}
    for index, name in enumerate(words[:-1]):
        value = words[index + 1]
        if name == "machine":
            if found and "password" in found:
                break
            found = {"machine": value} if value == host else {}
        elif name in ("login", "password") and found:
            found.setdefault(name, value)
    return found.get("login", ""), found.get("password", "")


def basic(user: str, password: str) -> Dict[str, str]:
    """The header for a user and a password; nothing for no user."""
    if not user:
        return {}
    pair = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    return {"Authorization": "Basic " + pair}


def at_once(args: Args) -> bool:
    """Whether a user is named before the server asks; one of ~/.netrc always is."""
    return bool(args["force_basic_auth"]) or not args["url_username"]


def authorized(
    send: "Callable[[Dict[str, str]], Response]", header: Dict[str, str], first: bool
) -> "Response":
    """The answer to a request, which is sent again with a user's header when it is asked for.

    Args:
        send: sends the request with more headers.
        header: what names the user; empty for none.
        first: whether the first request has it already.
    """
    answer = send(header if first else {})
    if answer.status == 401 and header and not first:
        return send(header)
    return answer


def fetch(probe: "Probe", args: Args, url: str) -> Tuple[bytes, int]:
    """The content of a URL, and its HTTP status.

    Raises:
        ModuleFailure: no answer, or one that is not a success.
    """
    if url.startswith("file://"):
        return probe.read(url[len("file://") :]), 200
    headers = {"User-Agent": args["http_agent"]}
    headers.update({str(name): str(value) for name, value in (args["headers"] or {}).items()})

    def send(authorization: Dict[str, str]) -> "Response":
        return probe.http(
            "GET",
            url,
            dict(headers, **authorization),
            b"",
            float(args["timeout"]),
            args["validate_certs"],
            "all",
            cert=args["client_cert"] or "",
            key=args["client_key"] or "",
            options=options(args),
        )

    answer = authorized(send, basic(*login(probe, args, url)), at_once(args))
    if answer.status == -1 or answer.status >= 400:
        what = answer.error or f"HTTP Error {answer.status}"
        message = f"Request failed: {what}"
        raise ModuleFailure(message, url=url, dest=args["dest"], status_code=answer.status)
    return answer.body, answer.status


def checksum(probe: "Probe", args: Args) -> Tuple[str, str]:
    """The algorithm and digest asked for; two empty texts when none is.

    A digest given as a URL is looked up there, in the line that names the file.
    """
    if not args["checksum"]:
        return "", ""
    algorithm, _, digest = args["checksum"].partition(":")
    algorithm, digest = algorithm.strip().lower(), digest.strip()
    if not digest:
        raise ModuleFailure("The checksum parameter has to be in format <algorithm>:<checksum>")
    if algorithm not in hashlib.algorithms_available:
        raise ModuleFailure(f"no digest called {algorithm} on this host")
    if re.match(r"^(https?|ftp|file)://", digest):
        body, _ = fetch(probe, args, digest)
        digest = _listed(body.decode("utf-8", "replace"), _name(args["url"]), digest)
    digest = re.sub(r"\W+", "", digest).lower()
    if not re.match(r"^[0-9a-f]+$", digest):
        raise ModuleFailure("The checksum format is invalid")
    return algorithm, digest


def _listed(text: str, name: str, url: str) -> str:
    lines = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and len(lines[0]) == 1:
        return lines[0][0]
    for words in lines:
        if len(words) == 2 and posixpath.basename(words[1].strip().lstrip("*./")) == name:
            return words[0]
    raise ModuleFailure(f"Unable to find a checksum for file '{name}' in '{url}'")


def _name(url: str) -> str:
    return posixpath.basename(re.sub(r"[?#].*$", "", url)) or "index.html"


def observe(probe: "Probe", args: Args) -> State:
    """Look at the file, and at its digest where one is asked for."""
    dest = args["dest"]
    stat = probe.stat(dest)
    if stat is not None and stat.state == "directory":
        dest = posixpath.join(dest, _name(args["url"]))
        stat = probe.stat(dest)
    elif dest.endswith("/") or probe.stat(posixpath.dirname(dest)) is None:
        parent = posixpath.dirname(dest)
        message = f"Destination {parent} does not exist"
        raise lacking(probe, f"directory {parent}", message, dest=dest)
    if args["tmp_dest"]:
        _require_folder(probe, args["tmp_dest"])
    algorithm, digest = checksum(probe, args)
    found: State = {"path": dest, "state": stat.state if stat else ABSENT}
    found.update(ownership.observe(probe, args, stat, dest))
    found["asked_checksum"] = f"{algorithm}:{digest}" if algorithm else ""
    if stat is not None:
        if algorithm:
            found["checksum"] = f"{algorithm}:{probe.digest(dest, algorithm)}"
        found["sha1"] = _digest(probe, dest)
    return found


def _digest(probe: "Probe", path: str) -> Any:
    """The SHA-1 of a file; of one that a plan only foresees it may be open."""
    try:
        return probe.digest(path, "sha1")
    except UnknownValue:
        return UNKNOWN


def _require_folder(probe: "Probe", path: str) -> None:
    """Refuse a tmp_dest that is no folder; what is fetched needs none, as it is renamed in place.

    Raises:
        ModuleFailure: it is a file, or not there (in a plan: UnknownValue).
    """
    stat = probe.stat(path)
    if stat is None:
        message = f"{path} directory does not exist."
        raise lacking(probe, f"directory {path}", message)
    if stat.state != "directory":
        raise ModuleFailure(f"{path} is a file but should be a directory.")


def desire(args: Args, found: State) -> State:
    """Want the file; its content is fetched again when asked, or when its digest is wrong."""
    wanted: State = {"state": "file"}
    if found["asked_checksum"]:
        wanted["checksum"] = found["asked_checksum"]
    if args["force"] and found["state"] != ABSENT and not found["asked_checksum"]:
        wanted["content_of"] = args["url"]
    wanted.update(ownership.desire(args, found, 0o666))
    return wanted


def _downloads(found: State, wanted: State) -> bool:
    return (
        found["state"] == ABSENT
        or "content_of" in wanted
        or wanted.get("checksum") != found.get("checksum")
    )


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Fetch, judge, write."""
    path = found["path"]
    started = float(host.facts()["now"])
    fields: State = {"dest": path, "url": args["url"]}
    changed = True
    if _downloads(found, wanted):
        data, status = fetch(host, args, args["url"])
        _judge(data, found["asked_checksum"], path)
        source = hashlib.new("sha1", data).hexdigest()  # noqa: S324 - a return field
        fields.update(checksum_src=source, status_code=status, msg=f"OK ({len(data)} bytes)")
        if source != found.get("sha1"):
            kept = textfile.replace(host, path, data, {"backup": args["backup"]})
            fields.update({"backup_file": kept} if kept else {})
        else:
            changed = ownership.differs(wanted, found)
    ownership.apply(host, path, wanted)
    fields.update(ownership.describe(host.stat(path)))
    fields.update(
        checksum_dest=host.digest(path, "sha1"),
        md5sum=host.digest(path, "md5"),
        elapsed=int(float(host.facts()["now"]) - started),
        changed=changed,
    )
    return fields


def _judge(data: bytes, asked: str, path: str) -> None:
    algorithm, _, digest = asked.partition(":")
    if algorithm and hashlib.new(algorithm, data).hexdigest() != digest:
        is_now = hashlib.new(algorithm, data).hexdigest()
        message = f"The checksum for {path} did not match {digest}; it was {is_now}."
        raise ModuleFailure(message, dest=path)


def result(args: Args, found: State, wanted: State, changed: bool) -> State:
    """Say of the file what is known without fetching it."""
    fields: State = {"dest": found["path"], "url": args["url"]}
    if not changed:
        fields.update(found["described"], msg="file already exists", elapsed=0)
        fields.update(checksum_dest=found.get("sha1"), checksum_src=None)
        return fields
    described: Dict[str, object] = ownership.expected(found, wanted, 0o666)
    described.pop("size", None)
    fields.update(described, state="file")
    return fields


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps the file, with its digest where that is known."""
    value: State = {"state": "file"}
    if _downloads(found, wanted):
        value["content"] = UNKNOWN
        if args["checksum"] and found["asked_checksum"].startswith("sha256:"):
            value["digest"] = found["asked_checksum"].partition(":")[2]
    value.update(ownership.foreseen(found, wanted, 0o666))
    return [Effect("path", found["path"], value)]


module = Module(
    "get_url",
    args=dict(
        ownership.ARGS,
        url=Arg(required=True),
        dest=Arg("path", required=True),
        checksum=Arg(default=""),
        force=Arg("bool", default=False),
        backup=Arg("bool", default=False),
        timeout=Arg("int", default=10),
        headers=Arg("dict"),
        http_agent=Arg(default="ansible-httpget"),
        url_username=Arg(aliases=("username",)),
        url_password=Arg(aliases=("password",), secret=True),
        force_basic_auth=Arg("bool", default=False),
        validate_certs=Arg("bool", default=True),
        client_cert=Arg("path"),
        client_key=Arg("path"),
        tmp_dest=Arg("path"),
        **ARGS,
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    result=result,
    foresee=foresee,
    verify=("state", "checksum", "mode", "owner", "group"),
)
