"""One HTTP request from the host, with the standard library alone."""

import gzip
import http.client
import socket
import ssl
import urllib.error
import urllib.request
from typing import Any, Dict, List, Optional

from kplay.agent.host import Response

MAX_BODY = 256 * 1024 * 1024


class _Redirects(urllib.request.HTTPRedirectHandler):
    def __init__(self, follow: str) -> None:
        self.follow = follow

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        """Follow as asked: none, safe (GET and HEAD), all."""
        safe = req.get_method() in ("GET", "HEAD")
        if self.follow == "none" or (self.follow == "safe" and not safe):
            return None
        return urllib.request.HTTPRedirectHandler.redirect_request(
            self, req, fp, code, msg, headers, newurl
        )


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket: the host of the URL is only a name."""

    path = ""

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if isinstance(self.timeout, (int, float)):
            self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class _Unix(urllib.request.AbstractHTTPHandler):
    handler_order = 100  # before the library's own

    def __init__(self, path: str) -> None:
        urllib.request.AbstractHTTPHandler.__init__(self)
        self.connection: Any = type("Connection", (_UnixConnection,), {"path": path})

    def http_open(self, req: Any) -> Any:
        """Open a request on the socket."""
        return self.do_open(self.connection, req)

    def https_open(self, req: Any) -> Any:
        """Open it without TLS: the socket does not leave the host."""
        return self.do_open(self.connection, req)

    http_request = https_request = urllib.request.AbstractHTTPHandler.do_request_


def context(
    verify: bool, ca: str, cert: str, key: str, ciphers: str = "", authorities: str = ""
) -> ssl.SSLContext:
    """TLS as asked for; verification is on unless it was turned off."""
    made = ssl.create_default_context(cafile=ca or None, cadata=authorities or None)
    if not verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if cert:
        made.load_cert_chain(cert, key or None)
    if ciphers:
        made.set_ciphers(ciphers)
    return made


def request(
    method: str,
    url: str,
    headers: Dict[str, str],
    body: bytes,
    timeout: float,
    verify: bool,
    follow: str,
    ca: str = "",
    cert: str = "",
    key: str = "",
    proxies: Optional[Dict[str, str]] = None,
    options: Optional[Dict[str, Any]] = None,
) -> Response:
    """Send one request and read its answer; no answer is status -1 with the reason."""
    if not url.lower().startswith(("http://", "https://")):
        return Response(-1, {}, b"", "the URL is neither http nor https", url)
    asks = options or {}
    handlers: List[Any] = [_Redirects(follow), urllib.request.ProxyHandler(proxies)]
    try:
        if asks.get("socket"):
            handlers.append(_Unix(asks["socket"]))
        elif url.lower().startswith("https"):
            made = context(
                verify, ca, cert, key, asks.get("ciphers") or "", asks.get("authorities") or ""
            )
            handlers.append(urllib.request.HTTPSHandler(context=made))
        opener = urllib.request.build_opener(*handlers)
        asked = urllib.request.Request(  # noqa: S310 - the scheme was looked at above
            url, data=body or None, headers=headers, method=method
        )
        kept = {name.lower() for name in asks.get("unredirected") or ()}
        for name in [one for one in headers if one.lower() in kept]:
            asked.remove_header(name.capitalize())
            asked.add_unredirected_header(name, headers[name])
        answer = opener.open(asked, timeout=timeout)
    except urllib.error.HTTPError as error:
        answer = error
    except urllib.error.URLError as error:
        return Response(-1, {}, b"", str(error.reason), url)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Response(-1, {}, b"", str(error) or type(error).__name__, url)
    try:
        data = answer.read(MAX_BODY + 1)
    except (OSError, http.client.HTTPException) as error:
        return Response(-1, {}, b"", str(error) or type(error).__name__, url)
    finally:
        answer.close()
    if len(data) > MAX_BODY:
        return Response(-1, {}, b"", "the answer is longer than %d bytes" % MAX_BODY, url)
    if asks.get("decompress") and answer.headers.get("Content-Encoding", "").lower() == "gzip":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            return Response(-1, {}, b"", "the answer is no gzip: %s" % error, url)
    names: Dict[str, str] = {}
    for name, value in answer.headers.items():
        lower = name.lower()
        names[lower] = "%s, %s" % (names[lower], value) if lower in names else value
    return Response(answer.getcode() or -1, names, data, "", answer.geturl())
