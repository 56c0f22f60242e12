"""kubeadm_token: a short-lived token by which hosts join, and what else a join needs.

Its result is secret: tasks that call it say no_log.
"""

import re
from typing import TYPE_CHECKING

from kplay.modules import kubeadm
from kplay.modules.api import Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(probe: "Probe", args: Args) -> State:  # noqa: ARG001
    """Find nothing: a token is made for each run."""
    return {}


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Make one."""
    return {"token": "a bootstrap token for %s" % args["ttl"]}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Make the token, and upload the control plane's certificates when asked."""
    kubeconfig = args["kubeconfig"]
    words = ["token", "create", "--kubeconfig", kubeconfig, "--ttl", args["ttl"]]
    if args.get("description"):
        words += ["--description", args["description"]]
    said = kubeadm.run(host, args, words, secret=True).stdout
    token = kubeadm.TOKEN.search(said)
    if not token:
        raise ModuleFailure("kubeadm token create printed no token")
    fields = {
        "token": token.group(0),
        "ca_cert_hashes": [kubeadm.authority(host, args["ca_cert"])],
        "api_endpoint": endpoint(host, kubeconfig),
    }  # type: State
    if args.get("certificate_key"):
        words = ["init", "phase", "upload-certs", "--upload-certs", "--kubeconfig", kubeconfig]
        if args.get("config"):
            words += ["--config", args["config"]]
        key = kubeadm.KEY.search(kubeadm.run(host, args, words, secret=True).stdout)
        if not key:
            raise ModuleFailure("kubeadm init phase upload-certs printed no certificate key")
        fields["certificate_key"] = key.group(0)
    return fields


def endpoint(host: "Host", kubeconfig: str) -> str:
    """Give the address that a kubeconfig names, without its scheme."""
    text = host.read(kubeconfig).decode("utf-8", "replace")
    match = re.search(r"^\s*server:\s*[\"']?https://([^\s\"']+)", text, re.MULTILINE)
    return match.group(1).rstrip("/") if match else ""


module = Module(
    "kubeadm_token",
    args={
        "ttl": Arg("str", default="1h"),
        "description": Arg("str", default="made by kplay for one run"),
        "certificate_key": Arg("bool", default=False, aliases=("upload_certs",)),
        "config": Arg("path"),
        "ca_cert": Arg("path", default=kubeadm.CA),
        "kubeconfig": Arg("path", default=kubeadm.ADMIN),
        "kubeadm": kubeadm.PROGRAM,
        "timeout": Arg("int", default=120),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    kind="action",
    reach="cluster",
)
