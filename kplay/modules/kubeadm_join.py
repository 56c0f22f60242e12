"""kubeadm_join: a host becomes a node, or a further control plane, of a cluster."""

import json
from typing import TYPE_CHECKING, Any, Dict, List

from kplay.modules import kubeadm
from kplay.modules.api import Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(probe: "Probe", args: Args) -> State:
    """Say whether the host has joined a cluster already."""
    whole = [kubeadm.KUBELET]
    if args.get("control_plane"):
        whole.append(kubeadm.APISERVER)
    return {"cluster": kubeadm.standing(probe, whole)}


def desire(args: Args, found: State) -> State:
    """Join unless that was done."""
    if found["cluster"] == "present":
        return {}
    role = "control plane" if args.get("control_plane") else "worker"
    wanted = {"cluster": "present", "role": role}
    if args.get("api_endpoint"):
        wanted["api_endpoint"] = args["api_endpoint"]
    return wanted


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Say why nothing is done."""
    return {} if wanted else {"msg": "the host has joined"}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Run kubeadm join; the token is in a private file, not among its arguments."""
    config = args.get("config")
    if not config:
        config = host.tempdir() + "/join.json"
        host.write(config, json.dumps(configuration(args), sort_keys=True).encode(), mode=0o600)
    words = ["join", "--config", config, *kubeadm.ignoring(args)]
    if args.get("skip_phases"):
        words.append("--skip-phases=" + ",".join(args["skip_phases"]))
    return kubeadm.finish(host, args, words, found)


def configuration(args: Args) -> Dict[str, Any]:
    """Give kubeadm's JoinConfiguration, v1beta4."""
    if not args.get("api_endpoint") or not args.get("token"):
        raise ModuleFailure("kubeadm_join needs config, or api_endpoint and token")
    hashes = kubeadm.listed(args.get("ca_cert_hashes"))
    discovery = {
        "apiServerEndpoint": args["api_endpoint"],
        "token": args["token"],
        "caCertHashes": hashes,
    }  # type: Dict[str, Any]
    if not hashes:
        if not args.get("unsafe_skip_ca_verification"):
            raise ModuleFailure("kubeadm_join needs ca_cert_hashes to know the cluster by")
        discovery["unsafeSkipCAVerification"] = True
    registration = dict(args.get("registration") or {})
    for field, name in (("name", "node_name"), ("criSocket", "cri_socket")):
        if args.get(name):
            registration[field] = args[name]
    made = {
        "apiVersion": "kubeadm.k8s.io/v1beta4",
        "kind": "JoinConfiguration",
        "discovery": {"bootstrapToken": discovery},
        "nodeRegistration": registration,
    }  # type: Dict[str, Any]
    if args.get("control_plane"):
        if not args.get("certificate_key"):
            raise ModuleFailure("kubeadm_join of a control plane needs certificate_key")
        made["controlPlane"] = {"certificateKey": args["certificate_key"]}
        if args.get("advertise_address"):
            made["controlPlane"]["localAPIEndpoint"] = {
                "advertiseAddress": args["advertise_address"],
                "bindPort": int(args.get("bind_port") or 6443),
            }
    return made


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:  # noqa: ARG001
    """Say what join leaves on the host."""
    if args.get("control_plane"):
        cluster = Effect("kubernetes", "cluster", {"state": "present"})
        return [*kubeadm.made([*kubeadm.CONTROL_PLANE, kubeadm.CA]), cluster]
    return kubeadm.made([kubeadm.KUBELET, "/var/lib/kubelet/config.yaml", kubeadm.CA])


module = Module(
    "kubeadm_join",
    args={
        "api_endpoint": Arg("str"),
        "token": Arg("str", secret=True),
        "ca_cert_hashes": Arg("list", elements="str", aliases=("ca_cert_hash",)),
        "unsafe_skip_ca_verification": Arg("bool", default=False),
        "control_plane": Arg("bool", default=False),
        "certificate_key": Arg("str", secret=True),
        "advertise_address": Arg("str"),
        "bind_port": Arg("int", default=6443),
        "node_name": Arg("str"),
        "cri_socket": Arg("str"),
        "registration": Arg("dict"),
        "config": Arg("path"),
        "skip_phases": Arg("list", default=[], elements="str"),
        "ignore_preflight_errors": kubeadm.IGNORED,
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
    requires_one_of=(("config", "token"),),
    exclusive_args=(("config", "token"),),
)
