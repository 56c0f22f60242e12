"""kubeadm_reset: all that kubeadm, and the network of its pods, made on a host goes."""

from typing import TYPE_CHECKING, List

from kplay.modules import kubeadm, packet_filters
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

FILES = (
    "/etc/kubernetes/admin.conf",
    "/etc/kubernetes/super-admin.conf",
    "/etc/kubernetes/kubelet.conf",
    "/etc/kubernetes/bootstrap-kubelet.conf",
    "/etc/kubernetes/controller-manager.conf",
    "/etc/kubernetes/scheduler.conf",
    "/var/lib/kubelet/config.yaml",
    "/var/lib/kubelet/kubeadm-flags.env",
    "/var/lib/kubelet/instance-config.yaml",
    kubeadm.UNFINISHED,
)

# what lies in these goes; they stay, as they may be mount points
DIRECTORIES = ("/etc/kubernetes/manifests", "/etc/kubernetes/pki", "/var/lib/etcd")
NETWORK = ("/etc/cni/net.d", "/var/lib/cni", "/run/flannel")


def observe(probe: "Probe", args: Args) -> State:
    """List what is left on the host."""
    found = [path for path in FILES if probe.lstat(path) is not None]
    directories = [*DIRECTORIES, *(NETWORK if args.get("cni", True) else ())]
    for directory in directories:
        found += ["%s/%s" % (directory, name) for name in probe.listdir(directory)]
    found += [one for one in args.get("kubeconfigs") or [] if probe.lstat(one) is not None]
    links = [str(one) for one in args.get("links") or []] if args.get("cni", True) else []
    present = [one for one in links if probe.lstat("/sys/class/net/" + one) is not None]
    gone = probe.effect("kubernetes", "cluster")
    rules = [] if isinstance(gone, dict) and gone.get("state") == ABSENT else tables(probe, args)
    return {
        "left": found,
        "links": present,
        "rules": rules,
        "state": "present" if found or present or rules else ABSENT,
    }


def tables(probe: "Probe", args: Args) -> List[str]:
    """Name the packet filters that hold chains of Kubernetes or of its pods' network."""
    return packet_filters.holding(probe) if args.get("firewall", True) else []


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Want none of it."""
    return {"left": [], "links": [], "rules": [], "state": ABSENT}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Say what went."""
    return {"removed": [*found["left"], *found["links"], *found["rules"]]}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Run kubeadm reset where there is a kubeadm, then remove what it leaves."""
    fields = {}  # type: State
    program = args.get("kubeadm") or "kubeadm"
    if found["left"] and (host.stat(program) if "/" in program else host.which(program)):
        words = ["reset"] + (["--force"] if args.get("force", True) else [])
        if args.get("cri_socket"):
            words += ["--cri-socket", args["cri_socket"]]
        done = kubeadm.run(host, args, words + kubeadm.ignoring(args))
        fields = {"stdout": kubeadm.redacted(done.stdout), "stderr": kubeadm.redacted(done.stderr)}
    after = observe(host, args)
    for path in after["left"]:
        if host.lstat(path) is not None:
            host.remove(path)
    for link in after["links"]:
        host.run(["ip", "link", "delete", link])
    for program in after["rules"]:
        packet_filters.clear(host, program)
    return fields


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:  # noqa: ARG001
    """Say what will be gone."""
    effects = [Effect("path", path, {"state": ABSENT}) for path in found["left"]]
    cluster = Effect("kubernetes", "cluster", {"state": ABSENT})
    return [*effects, Effect("unit", "kubelet.service", {"active": False}), cluster]


module = Module(
    "kubeadm_reset",
    args={
        "force": Arg("bool", default=True),
        "cni": Arg("bool", default=True),
        "links": Arg("list", default=["cni0", "flannel.1"], elements="str"),
        "firewall": Arg("bool", default=True),
        "kubeconfigs": Arg("list", default=["/root/.kube/config"], elements="path"),
        "cri_socket": Arg("str"),
        "ignore_preflight_errors": kubeadm.IGNORED,
        "kubeadm": kubeadm.PROGRAM,
        "timeout": kubeadm.TIMEOUT,
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="cluster",
    result=result,
    foresee=foresee,
    verify=("left", "links"),
    fields=("left", "links", "rules"),
)
