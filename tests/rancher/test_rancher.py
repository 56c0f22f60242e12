"""Rancher's playbooks on a real cluster: cert-manager for real, Rancher as a double.

The cluster is one of kubeadm.yml, of two nspawn hosts. See server_double/README.md for what the
double is and what it does not show.
"""

from __future__ import annotations

import base64
import gzip
import json
import re

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from project import wait_for
from rancher_site import HOSTNAME, IGNORED, SETTINGS, Site, rancher_site

pytestmark = pytest.mark.rancher

PASSWORD = ["get", "secret", "--namespace", "cattle-system", "bootstrap-secret"]
"""How docs/rancher.md has an operator read the bootstrap password."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with rancher_site(tmp_path_factory.mktemp("rancher")) as made:
        yield made


def test_a_rancher_that_does_not_go_with_this_kubernetes_is_refused_in_a_plan(site):
    wrong = SETTINGS | {"rancher_version": "2.14.3"}
    said = site.play("plan", "rancher.yml", code=2, **wrong)
    assert "error[rancher-kubernetes]" in said
    # Where that is passed over, Helm has the last word
    wrong["preflight_ignore"] = [*IGNORED, "rancher-kubernetes"]
    said = site.play("plan", "rancher.yml", code=2, **wrong)
    assert "Rancher 2.14.3 wants Kubernetes < 1.36.0-0, and the cluster is v1.36.3" in said
    assert re.search(r"Rancher 2\.15\s+goes with Kubernetes 1\.36, as of \d{4}-\d\d-\d\d", said)
    site.play("apply", "rancher.yml", code=2, **wrong)
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
    site.on("cp1", "test ! -e /usr/local/bin/helm")


def test_rancher_is_installed_and_a_second_run_changes_nothing(site):
    site.play("apply", "rancher.yml", "--diff", **SETTINGS)
    changed = site.changed()
    assert ("cp1", "Install cert-manager") in changed
    assert ("cp1", "Install or upgrade Rancher") in changed
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
    texts = site.texts()
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
    site.on("cp1", "sudo tee /root/rancher-ca.pem", stdin=authority)
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
    site.on("cp1", "sudo tee -a /etc/hosts", stdin=f"{address} {HOSTNAME}\n")
    probe = f"import socket; socket.create_connection(('{address}', 443), 5); print('it does')"
    wait_for(
        lambda: site.on("cp1", "python3 -", stdin=probe, code=None),
        "the double serves its certificate", 180,
    )  # fmt: skip
    settings = import_settings(site)
    planned = site.play("plan", "rancher-import.yml", **settings)
    assert "a plan does not log in with a password" in planned
    site.play("apply", "rancher-import.yml", **settings)
    assert ("cp1", "Make the cluster known to Rancher") in site.changed()
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
    site.play("apply", "rancher.yml", **newer)
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
    site.play("apply", "rancher.yml", "--diff", **own)
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
    site.play("apply", "rancher.yml", **outside)
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
    site.play("apply", "rancher.yml", **asked)
    issuer = yaml.safe_load(
        site.kubectl("-n", "cattle-system", "get", "issuer", "rancher", "-o", "yaml")
    )
    assert issuer["spec"]["acme"]["email"] == "ops@example.com"
    assert issuer["spec"]["acme"]["solvers"][0]["http01"]["ingress"] == {
        "ingressClassName": "traefik"
    }
    assert "no changes" in site.play("plan", "rancher.yml", "--detailed-exitcode", **asked)
