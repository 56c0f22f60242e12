"""kubeadm_init: the first control plane of a cluster."""

from typing import TYPE_CHECKING, List

from kplay.modules import kubeadm
from kplay.modules.api import Arg, Args, Effect, Module, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

PKI = ("ca.crt", "ca.key", "sa.key", "sa.pub", "front-proxy-ca.crt", "front-proxy-ca.key")


def observe(probe: "Probe", args: Args) -> State:
    """Say whether the host is a control plane already."""
    creates = args.get("creates") or kubeadm.ADMIN
    whole = (creates, kubeadm.KUBELET, kubeadm.APISERVER)
    return {"cluster": kubeadm.standing(probe, whole)}


def desire(args: Args, found: State) -> State:
    """Make one unless there is one."""
    return {} if found["cluster"] == "present" else {"cluster": "present", "config": args["config"]}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Say how to reach the cluster."""
    return {"kubeconfig": kubeadm.ADMIN, "msg": "" if wanted else "the host is a control plane"}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Run kubeadm init; it prints neither token nor certificate key."""
    words = ["init", "--config", args["config"], "--skip-token-print"]
    if args.get("upload_certs"):
        words += ["--upload-certs", "--skip-certificate-key-print"]
    if args.get("skip_phases"):
        words.append("--skip-phases=" + ",".join(args["skip_phases"]))
    return kubeadm.finish(host, args, words + kubeadm.ignoring(args), found)


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:  # noqa: ARG001
    """Say what init leaves on the host."""
    pki = ["/etc/kubernetes/pki/" + name for name in PKI]
    paths = [*kubeadm.CONTROL_PLANE, *pki]
    if args.get("creates") and args["creates"] not in paths:
        paths.append(args["creates"])
    return [*kubeadm.made(paths), Effect("kubernetes", "cluster", {"state": "present"})]


module = Module(
    "kubeadm_init",
    args={
        "config": Arg("path", required=True),
        "creates": Arg("path", default=kubeadm.ADMIN),
        "upload_certs": Arg("bool", default=False),
        "skip_phases": Arg("list", default=[], elements="str"),
        "ignore_preflight_errors": kubeadm.IGNORED,
        "cri_socket": Arg("str"),
        "kubeadm": kubeadm.PROGRAM,
        "timeout": kubeadm.TIMEOUT,
    },
    observe=observe,
    desire=desire,
    apply=apply,
    kind="action",
    reach="cluster",
    result=result,
    foresee=foresee,
)
