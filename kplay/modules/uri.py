"""uri: one HTTP request from the host, and what it answers written to a file."""

import contextlib
import json
import posixpath
import re
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, Dict, List, Tuple
from urllib.parse import urlencode, urlsplit

from kplay.agent.host import UnknownValue
from kplay.modules import get_url, multipart, ownership
from kplay.modules.api import ABSENT, Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe, Response

FOLLOW = {"all": "all", "yes": "all", "no": "none", "none": "none", "safe": "safe"}
FOLLOW["urllib2"] = "safe"


def observe(probe: "Probe", args: Args) -> State:
    """Look at the guards; the request itself is left for the run."""
    creates, removes = args.get("creates"), args.get("removes")
    if creates and probe.stat(creates) is not None:
        return {"guarded": "skipped, since '%s' exists" % creates}
    if removes and probe.stat(removes) is None:
        return {"guarded": "skipped, since '%s' does not exist" % removes}
    found: State = {"guarded": ""}
    if args.get("dest"):
        if probe.scratch():
            raise UnknownValue("what %s answers" % shown(args["url"]))
        path = args["dest"]
        stat = probe.stat(path)
        if stat is not None and stat.state == "directory":
            name = posixpath.basename(urlsplit(args["url"]).path)
            path = posixpath.join(path, name or "index.html")
            stat = probe.stat(path)
        found.update(ownership.observe(probe, args, stat, path), path=path)
        found["state"] = stat.state if stat else ABSENT
    return found


def desire(args: Args, found: State) -> State:
    """Send the request unless guarded."""
    return {} if found["guarded"] else {"request": "%s %s" % (method(args), shown(args["url"]))}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Say why nothing was sent."""
    return {} if wanted else {"stdout": found["guarded"], "msg": found["guarded"], "rc": 0}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Send the request; a status that was not asked for fails."""
    start = float(host.facts()["now"])
    sent, headers = body(host, args)

    def send(authorization: Dict[str, str]) -> "Response":
        return host.http(
            method(args),
            without_login(args["url"]),
            dict(authorization, **dict(headers, **given(args, headers))),
            sent,
            float(args.get("timeout") or 30),
            bool(args.get("validate_certs", True)),
            FOLLOW[str(args.get("follow_redirects") or "safe")],
            ca=args.get("ca_path") or "",
            cert=args.get("client_cert") or "",
            key=args.get("client_key") or args.get("client_cert") or "",
            options=dict(get_url.options(args), socket=args.get("unix_socket") or ""),
        )

    user, password, first = login(host, args)
    answer = get_url.authorized(send, get_url.basic(user, password), first)
    fields = described(answer, args)
    fields["elapsed"] = int(float(host.facts()["now"]) - start)
    expected = args.get("status_code") or [200]
    if answer.status not in expected:
        msg = fields.pop("msg")
        fields.pop("cookies", None)
        if answer.status != -1:
            fields["content"] = text(answer)
        raise ModuleFailure(
            "Status code was %d and not %s: %s" % (answer.status, list(expected), msg), **fields
        )
    if args.get("dest"):
        fields.update(save(host, args, found, answer.body))
    return fields


def save(host: "Host", args: Args, found: State, data: bytes) -> State:
    """Write the answer to the file, unless that is what it holds."""
    path = found["path"]
    same = found["state"] == "file" and host.read(path) == data
    if not same:
        host.write(path, data)
    wanted = ownership.desire(args, found, 0o666)
    changed = not same or ownership.differs(wanted, found)
    ownership.apply(host, path, wanted)
    fields = ownership.describe(host.stat(path))
    return dict(fields, path=path, changed=changed)


def method(args: Args) -> str:
    """Give the method, in capitals."""
    return str(args.get("method") or "GET").upper()


def given(args: Args, own: Dict[str, str]) -> Dict[str, str]:
    """Give the playbook's headers as text; that of a multipart body is not its to say."""
    agent = {"User-Agent": args.get("http_agent") or "ansible-httpget"}
    headers = {str(name): str(value) for name, value in (args.get("headers") or {}).items()}
    if args.get("force"):
        agent["Cache-Control"] = "no-cache"
    if "boundary=" in own.get("Content-Type", ""):
        headers = {name: one for name, one in headers.items() if name.lower() != "content-type"}
    return dict(agent, **headers)


def body(host: "Host", args: Args) -> Tuple[bytes, Dict[str, str]]:
    """Give the bytes to send and the header that says what they are."""
    if args.get("_content") is not None:
        return host.content(args["_content"]), {}
    if args.get("src"):
        return host.read(args["src"]), {}
    value, form = args.get("body"), str(args.get("body_format") or "raw").lower()
    if value is None:
        return b"", {}
    if form == "json":
        whole = value if isinstance(value, str) else json.dumps(value)
        return whole.encode(), {"Content-Type": "application/json"}
    if form == "form-urlencoded":
        whole = value if isinstance(value, str) else urlencode(pairs(value), doseq=True)
        return whole.encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    if form == "form-multipart":
        return multipart.encoded(host, value)
    return (value if isinstance(value, str) else json.dumps(value)).encode(), {}


def pairs(value: Any) -> List[Tuple[str, Any]]:
    """Give the fields of a form from a mapping or from a list of pairs."""
    if isinstance(value, dict):
        return [(str(name), one) for name, one in value.items()]
    return [(str(one[0]), one[1]) for one in value]


def login(host: "Host", args: Args) -> Tuple[str, str, bool]:
    """Give user, password and whether they go first, also those in the URL or in ~/.netrc."""
    split = urlsplit(args["url"])
    if split.username and not args["url_username"]:
        return split.username, split.password or "", bool(args["force_basic_auth"])
    user, password = get_url.login(host, args, args["url"])
    return user, password, get_url.at_once(args)


def without_login(url: str) -> str:
    """Give a URL without the user name and the password in it."""
    return re.sub(r"^([a-z]+://)[^/@]*@", r"\1", url)


def shown(url: str) -> str:
    """Give a URL that may be shown: its query may hold secrets too."""
    return without_login(url).split("?")[0]


def text(answer: "Response") -> str:
    """Give the body as text, in the answer's own encoding."""
    kind = answer.headers.get("content-type", "")
    charset = re.search(r"charset=[\"']?([\w.:-]+)", kind)
    try:
        return answer.body.decode(charset.group(1) if charset else "utf-8", "replace")
    except LookupError:
        return answer.body.decode("utf-8", "replace")


def described(answer: "Response", args: Args) -> State:
    """Give Ansible's fields: headers in lower case with _ for -, json when it is JSON."""
    fields: State = {name.replace("-", "_"): value for name, value in answer.headers.items()}
    asked = without_login(args["url"])
    content = text(answer)
    fields.update(status=answer.status, url=answer.url or asked)
    fields["redirected"] = bool(answer.url) and answer.url != asked
    if answer.status == -1:
        fields["msg"] = "Request failed: %s" % answer.error
        return fields
    size = answer.headers.get("content-length", "unknown")
    fields["msg"] = answer.error or "OK (%s bytes)" % size
    cookies = SimpleCookie()
    with contextlib.suppress(CookieError):
        cookies.load(answer.headers.get("set-cookie", ""))
    fields["cookies"] = {name: one.value for name, one in cookies.items()}
    fields["cookies_string"] = "; ".join("%s=%s" % pair for pair in fields["cookies"].items())
    if args.get("return_content"):
        fields["content"] = content
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind.endswith(("/json", "+json", "/javascript")):
        with contextlib.suppress(ValueError):
            fields["json"] = json.loads(content)
    return fields


module = Module(
    "uri",
    args={
        **ownership.ARGS,
        **get_url.ARGS,
        "url": Arg("str", required=True),
        "method": Arg("str", default="GET"),
        "body": Arg("raw"),
        "body_format": Arg(
            default="raw", choices=("form-multipart", "form-urlencoded", "json", "raw")
        ),
        "dest": Arg("path"),
        "unix_socket": Arg("path"),
        "_content": Arg("content"),
        "src": Arg("path"),
        "headers": Arg("dict", default={}),
        "http_agent": Arg("str", default="ansible-httpget"),
        "status_code": Arg("list", default=[200], elements="int"),
        "return_content": Arg("bool", default=False),
        "timeout": Arg("int", default=30),
        "validate_certs": Arg("bool", default=True),
        "follow_redirects": Arg("str", default="safe", choices=tuple(sorted(FOLLOW))),
        "creates": Arg("path"),
        "removes": Arg("path"),
        "client_cert": Arg("path"),
        "client_key": Arg("path"),
        "ca_path": Arg("path"),
        "force": Arg("bool", default=False),
        "force_basic_auth": Arg("bool", default=False),
        "url_username": Arg("str", aliases=("user",)),
        "url_password": Arg("str", aliases=("password",), secret=True),
        "remote_src": Arg("bool", default=False),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    # Ansible reports no change for any method, as it cannot know what a server did; for a file that
    # it writes it does
    kind="wait",
    reach="cluster",
    result=result,
    guards=("creates", "removes"),
    writes=("dest",),
    exclusive_args=(("body", "src"),),
    also_known_as=("ansible.builtin.uri",),
)
