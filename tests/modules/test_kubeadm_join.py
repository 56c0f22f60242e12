import json
from typing import Any

import pytest

from kplay.modules import kubeadm
from kplay.modules.api import ModuleFailure, compare
from kplay.modules.kubeadm_join import module
from kplay.testing.host import FakeHost

TOKEN = {
    "api_endpoint": "10.9.0.11:6443",
    "token": "abcdef.0123456789abcdef",
    "ca_cert_hashes": ["sha256:00"],
}


def through(host: FakeHost, **args: Any) -> str:
    found = module.observe(host, args)
    wanted = module.desire(args, found)
    action = compare(module, found, wanted).action
    if action != "none":
        assert module.apply is not None
        module.apply(host, args, found, wanted)
    return action


def joining(seen: list[Any]) -> FakeHost:
    def look(host: FakeHost, argv: Any) -> None:
        assert "abcdef" not in " ".join(argv)
        stat = host.stat(argv[3])
        assert stat is not None
        assert stat.mode == 0o600
        seen.append(json.loads(host.text(argv[3])))

    return FakeHost().when("kubeadm join --config", does=look)


def test_a_worker_joins_by_a_private_file() -> None:
    seen: list[Any] = []
    host = joining(seen)
    assert through(host, **TOKEN, node_name="w1", cri_socket="unix:///x.sock") == "run"
    assert seen == [
        {
            "apiVersion": "kubeadm.k8s.io/v1beta4",
            "kind": "JoinConfiguration",
            "discovery": {
                "bootstrapToken": {
                    "apiServerEndpoint": "10.9.0.11:6443",
                    "token": "abcdef.0123456789abcdef",
                    "caCertHashes": ["sha256:00"],
                }
            },
            "nodeRegistration": {"name": "w1", "criSocket": "unix:///x.sock"},
        }
    ]


def test_a_control_plane_joins_with_its_key() -> None:
    seen: list[Any] = []
    through(
        joining(seen),
        **TOKEN,
        control_plane=True,
        certificate_key="k",
        advertise_address="10.9.0.12",
        registration={"imagePullPolicy": "IfNotPresent"},
    )
    assert seen[0]["controlPlane"] == {
        "certificateKey": "k",
        "localAPIEndpoint": {"advertiseAddress": "10.9.0.12", "bindPort": 6443},
    }
    assert seen[0]["nodeRegistration"] == {"imagePullPolicy": "IfNotPresent"}


def test_a_file_of_the_playbooks_own() -> None:
    host = FakeHost().when("kubeadm join")
    through(host, config="/etc/kubernetes/join.yaml", ignore_preflight_errors=["Swap"])
    assert host.runs[0].argv == (
        "kubeadm", "join", "--config", "/etc/kubernetes/join.yaml",
        "--ignore-preflight-errors=Swap",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"api_endpoint": "x", "token": "t"}, "ca_cert_hashes"),
        ({"token": "t"}, "api_endpoint and token"),
        ({**TOKEN, "control_plane": True}, "needs certificate_key"),
    ],
)
def test_what_is_missing_is_named(args: dict[str, Any], message: str) -> None:
    with pytest.raises(ModuleFailure, match=message):
        through(FakeHost(), **args)


def test_a_host_that_has_joined_is_left() -> None:
    host = FakeHost(files={kubeadm.KUBELET: ""})
    assert through(host, **TOKEN) == "none"
    assert through(joining([]), **TOKEN) == "run"


def test_a_worker_is_no_control_plane_yet() -> None:
    host = FakeHost(files={kubeadm.KUBELET: ""}).when("kubeadm")
    assert through(host, **TOKEN, control_plane=True, certificate_key="k") == "run"


def test_a_plan_needs_no_token() -> None:
    args = {"api_endpoint": "x:6443"}
    found = module.observe(FakeHost(), args)
    assert module.desire(args, found) == {
        "cluster": "present",
        "role": "worker",
        "api_endpoint": "x:6443",
    }


def test_foresees_the_node() -> None:
    assert module.foresee is not None
    worker = {(e.kind, e.key) for e in module.foresee({}, {}, {})}
    assert worker == {
        ("path", kubeadm.KUBELET),
        ("path", "/var/lib/kubelet/config.yaml"),
        ("path", kubeadm.CA),
        ("unit", "kubelet.service"),
    }
    other = {(e.kind, e.key) for e in module.foresee({"control_plane": True}, {}, {})}
    assert ("path", kubeadm.ADMIN) in other
    assert ("kubernetes", "cluster") in other


def test_token_and_key_are_secret() -> None:
    assert module.args["token"].secret
    assert module.args["certificate_key"].secret


def test_the_port_of_a_control_plane() -> None:
    seen: list[Any] = []
    own = {"control_plane": True, "certificate_key": "k", "advertise_address": "10.9.0.12"}
    through(joining(seen), **TOKEN, **own, bind_port=7443)
    assert seen[0]["controlPlane"]["localAPIEndpoint"]["bindPort"] == 7443


def test_a_cluster_that_is_not_known_is_joined_only_when_that_is_allowed() -> None:
    seen: list[Any] = []
    given = {"api_endpoint": "x:6443", "token": TOKEN["token"]}
    through(joining(seen), **given, unsafe_skip_ca_verification=True)
    discovery = seen[0]["discovery"]["bootstrapToken"]
    assert (discovery["caCertHashes"], discovery["unsafeSkipCAVerification"]) == ([], True)
    through(joining(seen), **TOKEN, unsafe_skip_ca_verification=True)
    assert "unsafeSkipCAVerification" not in seen[1]["discovery"]["bootstrapToken"]


def test_another_kubeadm_leaves_phases_out() -> None:
    host = FakeHost().when("/opt/kubeadm join")
    through(host, config="/j.yaml", kubeadm="/opt/kubeadm", skip_phases=["preflight", "addon"])
    assert host.runs[0].argv == (
        "/opt/kubeadm", "join", "--config", "/j.yaml", "--skip-phases=preflight,addon",
    )  # fmt: skip


def test_a_join_that_does_not_end() -> None:
    host = FakeHost().when("kubeadm join", rc=-15)
    with pytest.raises(ModuleFailure, match="kubeadm join did not end within 9 seconds"):
        through(host, config="/j.yaml", timeout=9)
