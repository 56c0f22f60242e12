"""What kubeadm leaves on a host, and how it is run without showing its secrets."""

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Any, List, Sequence, Tuple

from kplay.modules.api import UNKNOWN, Arg, Args, Effect, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Completed, Host, Probe

ADMIN = "/etc/kubernetes/admin.conf"
KUBELET = "/etc/kubernetes/kubelet.conf"
APISERVER = "/etc/kubernetes/manifests/kube-apiserver.yaml"
CA = "/etc/kubernetes/pki/ca.crt"

# there while an init or a join of ours has begun and not ended well
UNFINISHED = "/etc/kubernetes/.kplay-unfinished"

CONTROL_PLANE = (
    ADMIN,
    KUBELET,
    "/etc/kubernetes/super-admin.conf",
    "/etc/kubernetes/controller-manager.conf",
    "/etc/kubernetes/scheduler.conf",
    APISERVER,
    "/etc/kubernetes/manifests/kube-controller-manager.yaml",
    "/etc/kubernetes/manifests/kube-scheduler.yaml",
    "/etc/kubernetes/manifests/etcd.yaml",
    "/var/lib/kubelet/config.yaml",
)

TOKEN = re.compile(r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b")
KEY = re.compile(r"\b[0-9a-f]{64}\b")

PROGRAM = Arg("path", default="kubeadm")
TIMEOUT = Arg("int", default=600)
IGNORED = Arg("list", default=[], elements="str")


def standing(probe: "Probe", whole: Sequence[str]) -> str:
    """Say whether what was to be made is absent, unfinished or present."""
    if probe.lstat(UNFINISHED) is not None:
        return "unfinished"
    there = all(probe.stat(path) is not None for path in whole)
    return "present" if there else "absent"


def run(host: "Host", args: Args, words: Sequence[str], secret: bool = False) -> "Completed":
    """Run kubeadm; its failure is the step's, with tokens and keys taken out."""
    program = args.get("kubeadm") or "kubeadm"
    timeout = float(args.get("timeout") or 0)
    done = host.run([program, *words], timeout=timeout, stream=not secret)
    if done.rc == 0:
        return done
    what = "kubeadm %s" % " ".join(word for word in words[:2] if not word.startswith("-"))
    reason = "failed with status %d" % done.rc
    if done.rc == 127:
        reason = "cannot be run: there is no program %s" % program
    elif done.rc == -15:
        reason = "did not end within %d seconds" % timeout
    raise ModuleFailure(
        "%s %s" % (what, reason),
        rc=done.rc,
        stdout=redacted(done.stdout),
        stderr=redacted(done.stderr),
    )


def redacted(text: str) -> str:
    """Take bootstrap tokens and certificate keys out of what kubeadm says."""
    kept = re.sub(r"sha256:[0-9a-f]{64}", lambda match: "sha256:" + match.group(0)[7:15], text)
    return KEY.sub("********", TOKEN.sub("********", kept))


def finish(host: "Host", args: Args, words: Sequence[str], found: State) -> State:
    """Run init or join to its end; what an earlier one left unfinished is reset first."""
    if found["cluster"] == "unfinished":
        socket = args.get("cri_socket")
        run(host, args, ["reset", "--force", *(["--cri-socket", socket] if socket else [])])
    if host.stat("/etc/kubernetes") is None:
        host.mkdir("/etc/kubernetes", 0o755)
    host.write(UNFINISHED, b"", mode=0o600)
    done = run(host, args, words)
    host.remove(UNFINISHED)
    return {"rc": 0, "stdout": redacted(done.stdout), "stderr": redacted(done.stderr)}


def ignoring(args: Args) -> List[str]:
    """Give the option for preflight errors that are to be warnings."""
    ignored = [str(one) for one in args.get("ignore_preflight_errors") or []]
    return ["--ignore-preflight-errors=" + ",".join(ignored)] if ignored else []


def made(paths: Sequence[str]) -> List[Effect]:
    """Give the effects of files that kubeadm writes, and of the kubelet that it starts."""
    value = {"state": "file", "mode": "0600", "owner": "root", "group": "root", "content": UNKNOWN}
    effects = [Effect("path", path, dict(value)) for path in paths]
    running = {"exists": True, "active": True, "enabled": True, "masked": False}
    return [*effects, Effect("unit", "kubelet.service", running)]


def authority(probe: "Probe", path: str = CA) -> str:
    """Give the hash by which joining hosts know the cluster's authority."""
    text = probe.read(path).decode("ascii", "replace")
    match = re.search(r"-----BEGIN CERTIFICATE-----(.+?)-----END", text, re.DOTALL)
    if not match:
        raise ModuleFailure("%s holds no certificate" % path)
    return "sha256:" + hashlib.sha256(public_key(base64.b64decode(match.group(1)))).hexdigest()


def public_key(certificate: bytes) -> bytes:
    """Give the SubjectPublicKeyInfo of an X.509 certificate, as DER."""
    start, _ = content(certificate, 0)
    at, end = content(certificate, start)
    fields = []  # type: List[bytes]
    while at < end:
        _, after = content(certificate, at)
        fields.append(certificate[at:after])
        at = after
    # version, serial number, signature, issuer, validity, subject, public key (RFC 5280 4.1);
    # the version, tagged [0], is left out of version 1
    return fields[6 if fields[0][0] == 0xA0 else 5]


def content(data: bytes, at: int) -> Tuple[int, int]:
    """Give where the content of the DER value at a place starts and ends."""
    length, start = data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
    return start, start + length


def listed(value: Any) -> List[str]:
    """Give a list of texts from a list, one text or nothing."""
    if value is None or value == "":
        return []
    return [str(one) for one in value] if isinstance(value, (list, tuple)) else [str(value)]
