"""One HTTP request from the host, with the standard library alone."""

import http.client
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


def context(verify: bool, ca: str, cert: str, key: str) -> ssl.SSLContext:
    """TLS as asked for; verification is on unless it was turned off."""
    made = ssl.create_default_context(cafile=ca or None)
    if not verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if cert:
        made.load_cert_chain(cert, key or None)
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
) -> Response:
    """Send one request and read its answer; no answer is status -1 with the reason."""
    if not url.lower().startswith(("http://", "https://")):
        return Response(-1, {}, b"", "the URL is neither http nor https", url)
    handlers: List[Any] = [_Redirects(follow), urllib.request.ProxyHandler(proxies)]
    try:
        if url.lower().startswith("https"):
            made = context(verify, ca, cert, key)
            handlers.append(urllib.request.HTTPSHandler(context=made))
        opener = urllib.request.build_opener(*handlers)
        asked = urllib.request.Request(  # noqa: S310 - the scheme was looked at above
            url, data=body or None, headers=headers, method=method
        )
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
    names: Dict[str, str] = {}
    for name, value in answer.headers.items():
        lower = name.lower()
        names[lower] = "%s, %s" % (names[lower], value) if lower in names else value
    return Response(answer.getcode() or -1, names, data, "", answer.geturl())
