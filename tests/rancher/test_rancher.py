"""Rancher's playbooks on a real cluster: cert-manager for real, Rancher as a double.

The cluster is one of kubeadm.yml, of two nspawn hosts. See server_double/README.md for what the
double is and what it does not show.
"""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from kplay import lab

sys.path.insert(0, str(Path(__file__).parent / "server_double"))
import repository

pytestmark = pytest.mark.rancher

ROOT = Path(__file__).resolve().parents[2]
HOSTNAME = "rancher.cattle-system.svc.cluster.local"
"""A name that pods find: the double ends TLS itself, as no ingress controller is there."""

PASSWORD = ["get", "secret", "--namespace", "cattle-system", "bootstrap-secret"]
"""How docs/rancher.md has an operator read the bootstrap password."""


@dataclasses.dataclass
class Site:
    """A cluster with what its playbooks are run with."""

    lab: lab.Lab
    inventory: Path
    work: Path
    bundle: Path
    said: list[str] = dataclasses.field(default_factory=list)

    def kplay(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "kplay", *words],
            cwd=self.work,
            env={**os.environ, "KUBECONFIG": str(self.work / "kubeconfig"), "COLUMNS": "160"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1500,
            check=False,
        )
        self.said.append(done.stdout)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def play(self, verb: str, name: str, *words: str, code: int = 0, **settings: object) -> str:
        given = self.work / "settings.json"
        whole = {"kplay_bundle": str(self.bundle), **settings}
        given.write_text(json.dumps(whole), encoding="utf-8")
        argv = [verb, "-i", str(self.inventory), str(ROOT / "playbooks" / name)]
        return self.kplay(*argv, "-e", f"@{given}", *words, code=code)

    def ssh(self, host: str, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        argv = lab.ssh_argv(self.lab, host, ["sudo", *words])
        return subprocess.run(
            argv, input=stdin, capture_output=True, text=True, check=False, timeout=180
        )

    def kubectl(self, *words: str, stdin: str = "", code: int | None = 0) -> str:
        done = self.ssh(
            "cp1", "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", *words, stdin=stdin
        )
        assert code is None or done.returncode == code, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def secret(self, namespace: str, name: str) -> dict[str, str]:
        text = self.kubectl("-n", namespace, "get", "secret", name, "-o", "json")
        return {key: base64.b64decode(v).decode() for key, v in json.loads(text)["data"].items()}

    def events(self) -> list[dict]:
        newest = max((self.work / ".kplay/runs").glob("*/journal.jsonl"))
        return [json.loads(line) for line in newest.read_text().splitlines()]

    def changed(self) -> list[str]:
        ended = [one for one in self.events() if one["event"] == "StepEnded"]
        assert ended
        return [one["place"]["task"] for one in ended if one["status"] == "changed"]


IGNORED = ["cgroup-v1", "clock-unsynchronized", "memory"]
"""What the preflight rightly says of hosts of a lab."""

SETTINGS = {
    "rancher_hostname": HOSTNAME,
    "rancher_version": "2.15.0",
    "rancher_replicas": 1,
    "rancher_image": "kplay.local/rancher",
    "rancher_images": ["rancher-images"],
}


def _say(host: str, text: str) -> None:
    sys.stdout.write(f"{host}: {text}\n")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    work = tmp_path_factory.mktemp("rancher")
    bundle = Path(os.environ.get("KPLAY_RANCHER_BUNDLE") or work / "bundle")
    repository.bundle(bundle, work / "charts")
    two = lab.load_lab(ROOT / "tests/rancher/rancher.yml")
    mine = dataclasses.replace(two, name=f"rancher-{os.getpid()}")
    try:
        made = Site(mine, lab.up(mine, progress=_say), work, bundle)
        made.play("run", "kubeadm.yml")
        yield made
    finally:
        lab.down(mine, progress=_say)


def test_a_rancher_that_does_not_go_with_this_kubernetes_is_refused_in_a_plan(site):
    wrong = SETTINGS | {"rancher_version": "2.14.3"}
    said = site.play("plan", "rancher.yml", code=2, **wrong)
    assert "error[rancher-kubernetes]" in said
    # Where that is passed over, Helm has the last word
    wrong["preflight_ignore"] = [*IGNORED, "rancher-kubernetes"]
    said = site.play("plan", "rancher.yml", code=2, **wrong)
    assert "Rancher 2.14.3 wants Kubernetes < 1.36.0-0, and the cluster is v1.36.3" in said
    assert re.search(r"Rancher 2\.15\s+goes with Kubernetes 1\.36, as of \d{4}-\d\d-\d\d", said)
    site.play("apply", "rancher.yml", "--yes", code=2, **wrong)
    site.play("run", "rancher.yml", code=2, **wrong)
    assert site.changed() == []
    assert "cert-manager" not in site.kubectl("get", "namespaces")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rancher_hostname": "rancher"}, "full name under which Rancher is reached"),
        ({"rancher_tls_source": "letsencrypt"}, "rancher, letsEncrypt, secret or external"),
        ({"rancher_tls_source": "letsEncrypt"}, "wants rancher_letsencrypt_email"),
        ({"rancher_tls_source": "secret", "rancher_tls_key": "x"}, "go together"),
        ({"rancher_values": {"bootstrapPassword": "x"}}, "rancher_bootstrap_password"),
    ],
)
def test_settings_that_make_no_rancher_are_refused(site, wrong, said):
    assert said in site.play("plan", "rancher.yml", code=2, **(SETTINGS | wrong))


def test_a_plan_before_it_names_what_comes(site):
    said = site.play("plan", "rancher.yml", "--diff", **SETTINGS)
    for task in (
        "Install cert-manager",
        "Draw the bootstrap password",
        "Install or upgrade Rancher",
    ):
        assert task in said
    assert '{"bootstrapPassword": "drawn"}' in said
    assert site.kubectl("get", "namespace", "cattle-system", code=1)
    assert site.ssh("cp1", "ls", "/usr/local/bin/helm").returncode != 0


def test_rancher_is_installed_and_a_second_run_changes_nothing(site):
    site.play("apply", "rancher.yml", "--yes", "--diff", **SETTINGS)
    changed = site.changed()
    assert "cert-manager : Install cert-manager" in changed
    assert "rancher : Install or upgrade Rancher" in changed
    again = site.play("plan", "rancher.yml", "--detailed-exitcode", **SETTINGS)
    assert "no changes" in again
    site.play("run", "rancher.yml", **SETTINGS)
    assert site.changed() == []


def test_the_webhook_judges_what_is_sent(site):
    wrong = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "wrong", "namespace": "default"},
        "spec": {"secretName": "wrong", "issuerRef": {"name": "none"}},
    }
    said = site.kubectl("apply", "-f", "-", stdin=json.dumps(wrong), code=1)
    assert 'admission webhook "webhook.cert-manager.io" denied the request' in said


CERTIFICATE = """\
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: own, namespace: default}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: own, namespace: default}
spec:
  secretName: own
  commonName: kplay
  dnsNames: [one.example.com]
  privateKey: {algorithm: ECDSA, size: 256}
  issuerRef: {name: own}
"""


def test_a_certificate_is_issued(site):
    site.kubectl("apply", "-f", "-", stdin=CERTIFICATE)
    site.kubectl("wait", "--for=condition=Ready", "certificate/own", "--timeout=120s")
    made = x509.load_pem_x509_certificate(site.secret("default", "own")["tls.crt"].encode())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["one.example.com"]
    assert isinstance(made.public_key(), ec.EllipticCurvePublicKey)


def test_venafi_issuers_say_that_this_build_has_none(site):
    one = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Issuer",
        "metadata": {"name": "venafi", "namespace": "default"},
        "spec": {
            "venafi": {"zone": "z", "cloud": {"apiTokenSecretRef": {"name": "n", "key": "k"}}}
        },
    }
    site.kubectl("apply", "-f", "-", stdin=json.dumps(one))
    words = ["wait", "--for=condition=Ready=False", "issuer/venafi", "--timeout=60s"]
    site.kubectl(*words)
    assert "has no Venafi issuer" in site.kubectl("get", "issuer", "venafi", "-o", "yaml")
    site.kubectl("delete", "issuer", "venafi")


def test_rancher_s_own_certificate_is_signed_by_its_ca(site):
    site.kubectl(
        "-n", "cattle-system", "wait", "--for=condition=Ready", "certificate/tls-rancher-ingress",
        "--timeout=120s",
    )  # fmt: skip
    made = site.secret("cattle-system", "tls-rancher-ingress")
    above = x509.load_pem_x509_certificate(
        site.secret("cattle-system", "tls-rancher")["tls.crt"].encode()
    )
    x509.load_pem_x509_certificate(made["tls.crt"].encode()).verify_directly_issued_by(above)


def test_the_bootstrap_password_is_in_its_secret_alone(site):
    words = [*PASSWORD, "-o", "jsonpath={.data.bootstrapPassword}"]
    password = base64.b64decode(site.kubectl(*words)).decode()
    assert re.fullmatch(r"[A-Za-z0-9]{32}", password)
    texts = list(site.said)
    runs = site.work / ".kplay/runs"
    texts += [path.read_text(errors="replace") for path in runs.rglob("*") if path.is_file()]
    # What Helm keeps of the release: values and manifests, packed
    for name in site.kubectl("-n", "cattle-system", "get", "secrets", "-o", "name").split():
        if "sh.helm.release" in name:
            kept = site.secret("cattle-system", name.partition("/")[2])["release"]
            texts.append(gzip.decompress(base64.b64decode(kept)).decode())
    encoded = base64.b64encode(password.encode()).decode()
    where = [number for number, text in enumerate(texts) if password in text]
    assert where == []
    # What Helm keeps of the hook has it encoded, in a Secret beside it
    assert [text[:40] for text in site.said if encoded in text] == []


def test_another_password_of_the_vault_leaves_the_first_one(site):
    before = site.secret("cattle-system", "bootstrap-secret")
    more = SETTINGS | {"rancher_bootstrap_password": "another one, too late"}
    assert "no changes" in site.play("plan", "rancher.yml", **more)
    assert site.secret("cattle-system", "bootstrap-secret") == before


def import_settings(site: Site) -> dict[str, object]:
    authority = site.secret("cattle-system", "tls-rancher")["tls.crt"]
    site.ssh("cp1", "tee", "/root/rancher-ca.pem", stdin=authority)
    return {
        "rancher_import_url": f"https://{HOSTNAME}",
        "rancher_import_password": site.secret("cattle-system", "bootstrap-secret")[
            "bootstrapPassword"
        ],
        "rancher_import_ca_file": "/root/rancher-ca.pem",
        "rancher_import_name": "edge",
        "rancher_import_labels": {"site": "north"},
        "rancher_import_timeout": 180,
    }


def test_a_cluster_is_imported_and_its_agent_registers(site):
    # The host finds Rancher by its Service, as there is no ingress controller
    address = site.kubectl(
        "-n", "cattle-system", "get", "service", "rancher", "-o", "jsonpath={.spec.clusterIP}"
    )
    site.ssh("cp1", "tee", "-a", "/etc/hosts", stdin=f"{address} {HOSTNAME}\n")
    deadline = time.monotonic() + 180
    probe = f"import socket; socket.create_connection(('{address}', 443), 5)"
    while site.ssh("cp1", "python3", "-", stdin=probe).returncode != 0:
        assert time.monotonic() < deadline, "the double does not serve its certificate"
        time.sleep(2)
    settings = import_settings(site)
    planned = site.play("plan", "rancher-import.yml", **settings)
    assert "a plan does not log in with a password" in planned
    site.play("apply", "rancher-import.yml", "--yes", **settings)
    assert "rancher-import : Make the cluster known to Rancher" in site.changed()
    agent = site.kubectl("-n", "cattle-system", "logs", "deployment/cattle-cluster-agent")
    assert "connected" in agent
    site.play("run", "rancher-import.yml", **settings)
    assert site.changed() == []
    password = str(settings["rancher_import_password"])
    assert [text for text in site.said if password in text] == []


def test_another_ca_is_refused_before_a_password_is_sent(site):
    settings = import_settings(site) | {"rancher_import_ca_checksum": "0" * 64}
    del settings["rancher_import_ca_file"]
    said = site.play("run", "rancher-import.yml", code=2, **settings)
    assert re.search(
        rf"the CA checksum of https://{HOSTNAME} is [0-9a-f]{{64}}, expected 0000", said
    )


def test_an_upgrade_keeps_values_and_password(site):
    before = site.secret("cattle-system", "bootstrap-secret")
    newer = SETTINGS | {"rancher_version": "2.15.1"}
    # What the new chart makes of the objects only the host can tell, once it has the chart
    planned = site.play("plan", "rancher.yml", "--diff", **newer)
    assert "rancher : Install or upgrade Rancher" in planned
    assert "which an earlier step brings" in planned
    site.play("apply", "rancher.yml", "--yes", **newer)
    label = "jsonpath={.metadata.labels.chart}"
    chart = site.kubectl("-n", "cattle-system", "get", "deployment", "rancher", "-o", label)
    assert chart == "rancher-2.15.1"
    assert site.secret("cattle-system", "bootstrap-secret") == before
    said = site.play("plan", "rancher.yml", code=2, **SETTINGS)
    assert "Rancher 2.15.1 is there, and 2.15.0 is wanted" in said


def test_a_certificate_of_one_s_own(site):
    pair = site.secret("default", "own")
    own = SETTINGS | {
        "rancher_version": "2.15.1",
        "rancher_tls_source": "secret",
        "rancher_tls_certificate": pair["tls.crt"],
        "rancher_tls_key": pair["tls.key"],
        "rancher_tls_ca": pair["tls.crt"],
        "rancher_additional_cas": pair["tls.crt"],
        "rancher_proxy": "http://ops:hidden-word@proxy.example.com:3128",
    }
    site.play("apply", "rancher.yml", "--yes", "--diff", **own)
    assert site.secret("cattle-system", "tls-rancher-ingress")["tls.crt"] == pair["tls.crt"]
    # cert-manager, which made the certificate before, has let go of it
    assert "tls-rancher-ingress" not in site.kubectl("-n", "cattle-system", "get", "certificates")
    assert site.secret("cattle-system", "tls-ca") == {"cacerts.pem": pair["tls.crt"]}
    assert site.secret("cattle-system", "tls-ca-additional") == {
        "ca-additional.pem": pair["tls.crt"]
    }
    assert "no changes" in site.play("plan", "rancher.yml", "--detailed-exitcode", **own)
    assert [text for text in site.said if "hidden-word" in text] == []
    assert pair["tls.key"].splitlines()[1] not in "".join(site.said)


def test_tls_ended_before_the_cluster(site):
    outside = SETTINGS | {"rancher_version": "2.15.1", "rancher_tls_source": "external"}
    site.play("apply", "rancher.yml", "--yes", **outside)
    ingress = json.loads(
        site.kubectl("-n", "cattle-system", "get", "ingress", "rancher", "-o", "json")
    )
    assert "tls" not in ingress["spec"]
    assert "no changes" in site.play("plan", "rancher.yml", "--detailed-exitcode", **outside)


def test_let_s_encrypt_is_asked_through_the_class_that_the_cluster_has(site):
    classes = [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {"name": name},
            "spec": {"controller": f"example.com/{name}"},
        }
        for name in ("nginx", "traefik")
    ]
    asked = SETTINGS | {
        "rancher_version": "2.15.1",
        "rancher_tls_source": "letsEncrypt",
        "rancher_letsencrypt_email": "ops@example.com",
        # It is there, and would ask nobody here
        "rancher_install_cert_manager": False,
        "rancher_ping": "service",
    }
    said = site.play("plan", "rancher.yml", code=2, **asked)
    assert "the cluster has no IngressClass" in said
    site.kubectl(
        "apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": classes})
    )
    said = site.play("plan", "rancher.yml", code=2, **asked)
    assert (
        "the cluster has the ingress classes nginx, traefik, of which none is the default" in said
    )
    mark = [
        "annotate",
        "ingressclass",
        "traefik",
        "ingressclass.kubernetes.io/is-default-class=true",
    ]
    site.kubectl(*mark)
    site.play("apply", "rancher.yml", "--yes", **asked)
    issuer = yaml.safe_load(
        site.kubectl("-n", "cattle-system", "get", "issuer", "rancher", "-o", "yaml")
    )
    assert issuer["spec"]["acme"]["email"] == "ops@example.com"
    assert issuer["spec"]["acme"]["solvers"][0]["http01"]["ingress"] == {
        "ingressClassName": "traefik"
    }
    assert "no changes" in site.play("plan", "rancher.yml", "--detailed-exitcode", **asked)
