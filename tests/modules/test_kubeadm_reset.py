from typing import Any

import pytest

from kplay.modules import kubeadm
from kplay.modules.api import ModuleFailure, compare
from kplay.modules.kubeadm_reset import module
from kplay.testing.host import FakeHost

RULES = """\
*nat
:PREROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
-A PREROUTING -j KUBE-SERVICES
-A PREROUTING -p tcp --dport 80 -j ACCEPT
COMMIT
"""


def node() -> FakeHost:
    files = dict.fromkeys(kubeadm.CONTROL_PLANE, "")
    files["/etc/cni/net.d/10-flannel.conflist"] = ""
    files["/var/lib/etcd/member/wal/0.wal"] = ""
    files["/etc/kubernetes/pki/ca.crt"] = ""
    host = FakeHost(files=files, dirs=["/sys/class/net/cni0"])

    def unlink(host: FakeHost, argv: Any) -> None:
        host.files.drop(f"/sys/class/net/{argv[-1]}")

    return host.when("kubeadm").when("ip link delete", does=unlink)


def through(host: FakeHost, **args: Any) -> tuple[Any, dict[str, Any]]:
    given = {name: arg.default for name, arg in module.args.items()} | args
    found = module.observe(host, given)
    wanted = module.desire(given, found)
    change = compare(module, found, wanted)
    if change.action != "none":
        assert module.apply is not None
        module.apply(host, given, found, wanted)
        after = module.observe(host, given)
        assert {name: after[name] for name in module.verify} == {"left": [], "links": []}
    return change, dict(module.result(given, found, wanted, True)) if module.result else {}


def test_resets_and_removes_what_kubeadm_leaves() -> None:
    host = node()
    change, fields = through(host, cri_socket="unix:///x.sock")
    assert change.action == "remove"
    assert host.runs[0].argv == ("kubeadm", "reset", "--force", "--cri-socket", "unix:///x.sock")
    assert "/etc/cni/net.d/10-flannel.conflist" in fields["removed"]
    assert "cni0" in fields["removed"]
    assert host.lstat("/etc/kubernetes/pki") is not None
    assert host.listdir("/etc/kubernetes/pki") == host.listdir("/var/lib/etcd") == []


def test_a_clean_host_is_left() -> None:
    host = FakeHost()
    assert through(host)[0].action == "none"
    assert host.runs == []


def test_the_pods_network_can_be_kept() -> None:
    host = node()
    through(host, cni=False)
    assert host.lstat("/etc/cni/net.d/10-flannel.conflist") is not None
    assert host.lstat("/sys/class/net/cni0") is not None


def test_a_host_without_kubeadm_is_cleaned_by_hand() -> None:
    host = FakeHost(files={kubeadm.KUBELET: ""})
    assert through(host)[0].action == "remove"
    assert host.runs == []


def test_kubeconfigs_that_are_named_go() -> None:
    host = FakeHost(files={"/root/.kube/config": ""})
    through(host)
    assert host.lstat("/root/.kube/config") is None


def test_only_the_rules_of_kubernetes_go() -> None:
    host = FakeHost().when("iptables-save", stdout=RULES).when("iptables-restore")
    assert through(host)[0].after == {"rules": [], "state": "absent"}
    assert host.runs[-1].argv == ("iptables-restore",)
    assert host.runs[-1].stdin == (
        "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp --dport 80 -j ACCEPT\nCOMMIT\n"
    )
    assert through(host, firewall=False)[0].action == "none"


def test_foresees_that_it_is_gone() -> None:
    assert module.foresee is not None
    effects = module.foresee({}, {"left": [kubeadm.ADMIN]}, {})
    by_key = {(e.kind, e.key): e.value for e in effects}
    assert by_key["path", kubeadm.ADMIN] == {"state": "absent"}
    assert by_key["unit", "kubelet.service"] == {"active": False}
    assert by_key["kubernetes", "cluster"] == {"state": "absent"}


def test_how_kubeadm_is_called() -> None:
    host = node().when("/opt/kubeadm")
    host.add_file("/opt/kubeadm")
    ignored = ["CRI", "Swap"]
    through(host, kubeadm="/opt/kubeadm", force=False, ignore_preflight_errors=ignored)
    assert host.runs[0].argv == (
        "/opt/kubeadm", "reset", "--ignore-preflight-errors=CRI,Swap",
    )  # fmt: skip


def test_other_kubeconfigs_go_and_those_not_named_stay() -> None:
    host = FakeHost(files={"/root/.kube/config": "", "/home/bob/.kube/config": ""})
    change, fields = through(host, kubeconfigs=["/home/bob/.kube/config"])
    assert change.before["left"] == fields["removed"] == ["/home/bob/.kube/config"]
    assert host.lstat("/home/bob/.kube/config") is None
    assert host.lstat("/root/.kube/config") is not None


def test_a_reset_that_does_not_end() -> None:
    host = node().when("kubeadm reset", rc=-15)
    with pytest.raises(ModuleFailure, match="kubeadm reset did not end within 9 seconds"):
        through(host, timeout=9)
    assert host.lstat(kubeadm.KUBELET) is not None
