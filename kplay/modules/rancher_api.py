"""Rancher's API, version 3: whom to trust, how to log in, and what it answers.

Nothing secret is an argument of a program: all of it goes over HTTPS from the agent itself. An API
key (``token``) reads without a trace; a login with a password makes a session in Rancher, which is
ended again, and which a plan does not make.
"""

import hashlib
import json
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from kplay.agent.host import UnknownValue
from kplay.modules.api import Arg, Args, ModuleFailure

if TYPE_CHECKING:
    from kplay.agent.host import Probe, Response

ARGS: Dict[str, Arg] = {
    "url": Arg(required=True),
    "token": Arg(secret=True),
    "username": Arg(default="admin"),
    "password": Arg(secret=True),
    # Whose certificates are trusted in place of the host's own list
    "ca_file": Arg("path"),
    "ca_checksum": Arg(),
    "timeout": Arg("int", default=30),
}
"""How modules say which Rancher is meant, whom to trust, and who they are."""

ONE_OF = (("token", "password"),)
AT_MOST = (("token", "password"), ("ca_file", "ca_checksum"))


class Session:
    """Requests to one Rancher; a context that logs in where a password is given, and out again.

    Raises:
        ModuleFailure: the URL is not https, the CA is not the pinned one, or Rancher refuses.
        UnknownValue: in a plan, Rancher does not answer, or only a login could tell.
    """

    def __init__(self, probe: "Probe", args: Args) -> None:
        self._probe = probe
        self._args = args
        self.url = str(args["url"]).rstrip("/")
        if not self.url.startswith("https://"):
            raise ModuleFailure("the URL of a Rancher begins with https://, not %r" % args["url"])
        self._token = args.get("token") or ""
        self._ends = False
        self._authorities = self._pinned()

    def _pinned(self) -> str:
        """Give the certificates that are trusted, empty for the host's own list."""
        path, checksum = self._args.get("ca_file"), self._args.get("ca_checksum")
        if path:
            if self._probe.stat(path) is None:
                raise ModuleFailure("no file %s on the host, which ca_file names" % path)
            return self._probe.read(path).decode("utf-8", "replace")
        if not checksum:
            return ""
        # Nothing of this answer is believed before its digest was compared
        answer = self._send("GET", "/v3/settings/cacerts", None, verify=False)
        text = str(_document(answer).get("value") or "")
        found = checksums(text)
        if str(checksum).lower() not in found:
            said = found[0] if text else "none: it has no certificates of its own"
            raise ModuleFailure(
                "the CA checksum of %s is %s, expected %s" % (self.url, said, checksum)
            )
        return text

    def __enter__(self) -> "Session":
        """Log in, where there is no token."""
        if self._token:
            return self
        if self._probe.scratch():
            raise UnknownValue(
                "what %s holds: a plan does not log in with a password, an API key"
                " (`token`) can be asked with" % self.url
            )
        body = {
            "username": self._args["username"],
            "password": self._args["password"],
            "responseType": "json",
            "description": "kplay",
            # Milliseconds after which the session ends by itself
            "ttl": 600000,
        }
        made = self.send("POST", "/v3-public/localProviders/local?action=login", body)
        self._token = str(made.get("token") or "")
        if not self._token:
            raise ModuleFailure("%s answered a login with no token" % self.url)
        self._ends = True
        return self

    def __exit__(self, *raised: Any) -> None:
        """End the session that was made."""
        if self._ends:
            self._send("POST", "/v3/tokens?action=logout", {})

    def send(self, method: str, path: str, body: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        """Send a request; give the document that is answered."""
        answer = self._send(method, path, body)
        if answer.status >= 300 or answer.status < 200:
            raise self._refused(method, path, answer)
        return _document(answer)

    def text(self, path: str) -> str:
        """Give what is there, as text."""
        answer = self._send("GET", path, None)
        if answer.status != 200:
            raise self._refused("GET", path, answer)
        return answer.body.decode("utf-8", "replace")

    def listed(self, path: str) -> List[Dict[str, Any]]:
        """Give the members of a collection, of all its pages."""
        found: List[Dict[str, Any]] = []
        document = self.send("GET", path)
        while True:
            found += [one for one in document.get("data") or [] if isinstance(one, dict)]
            following = str((document.get("pagination") or {}).get("next") or "")
            if not following.startswith(self.url + "/"):
                return found
            document = self.send("GET", following[len(self.url) :])

    def _send(
        self, method: str, path: str, body: Optional[Dict[str, Any]], *, verify: bool = True
    ) -> "Response":
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = "Bearer " + self._token
        sent = b"" if body is None else json.dumps(body).encode()
        options = {"authorities": self._authorities} if verify and self._authorities else {}
        answer = self._probe.http(
            method, self.url + path, headers, sent, float(self._args["timeout"]), verify, "safe",
            options=options,
        )  # fmt: skip
        if answer.status == -1:
            if self._probe.scratch():
                raise UnknownValue("%s does not answer: %s" % (self.url, answer.error))
            raise ModuleFailure("%s does not answer: %s" % (self.url, answer.error))
        return answer

    def _refused(self, method: str, path: str, answer: "Response") -> ModuleFailure:
        document = _document(answer)
        said = document.get("message") or document.get("code") or "no reason given"
        # A path may hold a registration token
        shown = "/v3/import/..." if path.startswith("/v3/import/") else path.split("?", 1)[0]
        message = "%s answered %d to %s %s: %s"
        return ModuleFailure(
            message % (self.url, answer.status, method, shown, said), status=answer.status
        )


def checksums(text: str) -> Tuple[str, ...]:
    """Give the digests that a CA may be known by, the one that Rancher itself gives first.

    Rancher ends the certificates with one newline before it hashes them.
    """
    ways = (text.rstrip("\n") + "\n", text, text.rstrip("\n"))
    return tuple(hashlib.sha256(one.encode()).hexdigest() for one in ways)


def _document(answer: "Response") -> Dict[str, Any]:
    try:
        found = json.loads(answer.body.decode("utf-8", "replace") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
