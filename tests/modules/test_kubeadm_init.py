from typing import Any

import pytest

from kplay.modules import kubeadm
from kplay.modules.api import ModuleFailure, compare
from kplay.modules.kubeadm_init import module
from kplay.testing.host import FakeHost

SAID = """\
kubeadm join 10.9.0.11:6443 --token abcdef.0123456789abcdef \\
	--discovery-token-ca-cert-hash sha256:{0} --certificate-key {0}
""".format("0123456789abcdef" * 4)


def through(host: FakeHost, **args: Any) -> tuple[str, dict[str, Any]]:
    given = {"config": "/etc/kubernetes/kubeadm.yaml", **args}
    found = module.observe(host, given)
    wanted = module.desire(given, found)
    action = compare(module, found, wanted).action
    if action == "none":
        return action, dict(module.result(given, found, wanted, False))
    return action, dict(module.apply(host, given, found, wanted))


def control_plane() -> FakeHost:
    return FakeHost(files=dict.fromkeys(kubeadm.CONTROL_PLANE, ""))


def test_runs_kubeadm_and_prints_no_secret() -> None:
    host = FakeHost().when("kubeadm init", stdout=SAID)
    action, fields = through(
        host, upload_certs=True, ignore_preflight_errors=["Swap", "NumCPU"], skip_phases=["addon"]
    )
    assert action == "run"
    assert host.runs[0].argv == (
        "kubeadm",
        "init",
        "--config",
        "/etc/kubernetes/kubeadm.yaml",
        "--skip-token-print",
        "--upload-certs",
        "--skip-certificate-key-print",
        "--skip-phases=addon",
        "--ignore-preflight-errors=Swap,NumCPU",
    )
    assert "abcdef.0123456789abcdef" not in fields["stdout"]
    assert "0123456789abcdef" * 4 not in fields["stdout"]
    assert host.lstat(kubeadm.UNFINISHED) is None


def test_a_control_plane_is_left() -> None:
    host = control_plane()
    action, fields = through(host)
    assert action == "none"
    assert fields["kubeconfig"] == "/etc/kubernetes/admin.conf"
    assert host.runs == []


def test_an_init_that_was_cut_off_is_reset_and_begun_again() -> None:
    host = control_plane().when("kubeadm")
    host.add_file(kubeadm.UNFINISHED)
    assert through(host, cri_socket="unix:///x.sock")[0] == "run"
    assert [run.argv[1] for run in host.runs] == ["reset", "init"]
    assert host.runs[0].argv[2:] == ("--force", "--cri-socket", "unix:///x.sock")
    assert host.lstat(kubeadm.UNFINISHED) is None


def test_a_failed_init_stays_marked_as_unfinished() -> None:
    host = FakeHost().when("kubeadm init", rc=1, stderr=SAID)
    with pytest.raises(ModuleFailure) as failed:
        through(host)
    assert failed.value.msg == "kubeadm init failed with status 1"
    assert "abcdef.0123456789abcdef" not in failed.value.fields["stderr"]
    assert "sha256:01234567" in failed.value.fields["stderr"]
    assert host.lstat(kubeadm.UNFINISHED) is not None


@pytest.mark.parametrize(
    ("rc", "message"),
    [(127, "there is no program kubeadm"), (-15, "did not end within 9 seconds")],
)
def test_other_failures(rc: int, message: str) -> None:
    with pytest.raises(ModuleFailure, match=message):
        through(FakeHost().when("kubeadm init", rc=rc), timeout=9)


def test_foresees_the_control_plane() -> None:
    args = {"config": "/x", "creates": "/etc/kubernetes/own.conf"}
    assert module.foresee is not None
    effects = {(e.kind, e.key): e.value for e in module.foresee(args, {}, {"cluster": "present"})}
    assert effects["unit", "kubelet.service"]["active"] is True
    assert effects["kubernetes", "cluster"] == {"state": "present"}
    for path in ("admin.conf", "own.conf", "pki/ca.crt", "manifests/kube-apiserver.yaml"):
        assert ("path", "/etc/kubernetes/" + path) in effects


def test_another_file_can_tell_that_it_was_done() -> None:
    host = FakeHost(files={"/x": "", kubeadm.KUBELET: "", kubeadm.APISERVER: ""})
    assert through(host, creates="/x")[0] == "none"


def test_a_kubeadm_elsewhere() -> None:
    host = FakeHost().when("/opt/bin/kubeadm")
    assert through(host, kubeadm="/opt/bin/kubeadm")[0] == "run"
    assert [run.argv[:2] for run in host.runs] == [("/opt/bin/kubeadm", "init")]
    failing = FakeHost().when("/opt/bin/kubeadm", rc=127)
    with pytest.raises(ModuleFailure, match="there is no program /opt/bin/kubeadm"):
        through(failing, kubeadm="/opt/bin/kubeadm")
