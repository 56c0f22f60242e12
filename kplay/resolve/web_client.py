"""One request over HTTP, as the lookup `url` describes it."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

Options = dict[str, Any]
YES = frozenset((True, "true", "True", "yes", "1", 1, "on"))


def fetch(address: str, given: Options) -> str:
    """The text that an address answers.

    Raises:
        ValueError: it answers with an error, or not at all.
    """
    request = urllib.request.Request(address)  # noqa: S310 - the user's own address
    headers = {"User-Agent": given.get("http_agent", "ansible-httpget")}
    if given.get("force") in YES:
        headers["Cache-Control"] = "no-cache"
    headers |= {str(name): str(value) for name, value in (given.get("headers") or {}).items()}
    user, secret = given.get("username"), given.get("password")
    if not user and given.get("use_netrc", True) in YES:
        user, secret = _netrc(address)
    if user and given.get("force_basic_auth") in YES:
        token = base64.b64encode(f"{user}:{secret or ''}".encode()).decode()
        headers["Authorization"] = f"Basic {token}"
    kept = given.get("unredirected_headers") or []
    kept = kept.split(",") if isinstance(kept, str) else kept
    for name, value in headers.items():
        add = request.add_unredirected_header if name in kept else request.add_header
        add(name, value)
    try:
        opener = _opener(address, given, user, secret)
        with opener.open(request, timeout=float(given.get("timeout", 10))) as answer:
            return str(answer.read().decode("utf-8", "surrogateescape"))
    except urllib.error.HTTPError as error:
        error.close()
        raise ValueError(f"{address} answered {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise ValueError(f"{address} cannot be reached: {reason}") from error


def _netrc(address: str) -> tuple[str | None, str | None]:
    import netrc

    try:
        found = netrc.netrc().authenticators(urlsplit(address).hostname or "")
    except (OSError, netrc.NetrcParseError):
        return None, None
    return (found[0], found[2]) if found else (None, None)


def _opener(address: str, given: Options, user: Any, secret: Any) -> urllib.request.OpenerDirector:
    context = ssl.create_default_context(cafile=given.get("ca_path") or None)
    if given.get("validate_certs", True) not in YES:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if ciphers := given.get("ciphers"):
        context.set_ciphers(ciphers if isinstance(ciphers, str) else ":".join(ciphers))
    handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPSHandler(context=context)]
    if given.get("use_proxy", True) not in YES:
        handlers.append(urllib.request.ProxyHandler({}))
    if user:
        keeper = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        keeper.add_password(None, address, str(user), str(secret or ""))
        handlers += [
            urllib.request.HTTPBasicAuthHandler(keeper),
            urllib.request.HTTPDigestAuthHandler(keeper),
        ]
    if str(given.get("follow_redirects", "urllib2")) in ("none", "no", "False"):
        handlers.append(_Staying())
    if path := given.get("unix_socket"):
        handlers.append(_Unix(str(path)))
    return urllib.request.build_opener(*handlers)


class _Staying(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow no redirection."""


class _Unix(urllib.request.HTTPHandler):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Speak HTTP over a socket of this machine."""
        path = self.path

        class Connection(http.client.HTTPConnection):
            def connect(self) -> None:
                self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                self.sock.settimeout(self.timeout)
                self.sock.connect(path)

        return self.do_open(Connection, req)
