"""Three bare Debian hosts become a real Kubernetes cluster, stay as they are, and are reset."""

from __future__ import annotations

import re

import helm_course
import pytest
import yaml
from exactness import allowed, compare
from project import wait_for
from real_cluster import Cluster, bring_up

from kplay.lab import inotify
from kplay.lab.nspawn import machine
from kplay.lab.nspawn.place import Place

pytestmark = pytest.mark.cluster

TOKEN = re.compile(r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with bring_up(tmp_path_factory.mktemp("cluster")) as made:
        yield made


def test_every_node_is_ready(cluster):
    lines = cluster.kubectl("get", "nodes", "--no-headers").splitlines()
    assert sorted(line.split()[:2] for line in lines) == [
        ["cp1", "Ready"],
        ["w1", "Ready"],
        ["w2", "Ready"],
    ]


def test_a_node_takes_no_more_inotify_than_a_lab_reckons_with(cluster):
    for host, reckoned in (
        ("cp1", inotify.LEADER),
        ("w1", inotify.NODE),
        ("w2", inotify.NODE),
    ):
        taken = inotify.in_use(only=machine.members(Place(cluster.lab.name).host(host)))
        shims = inotify.SHIMS[reckoned]
        assert 0.7 * reckoned.instances < taken.instances <= reckoned.instances + shims, host
        assert taken.watches <= reckoned.watches, host


def test_the_plan_of_bare_hosts_named_the_cluster(cluster):
    assert "Initialise the control plane" in cluster.plan_text
    assert "Join the cluster" in cluster.plan_text
    assert "failed" not in cluster.plan_text.lower().replace("failed=0", "")


def test_the_plan_said_what_apply_did(cluster):
    table = compare(cluster.planned, cluster.events(), allowed())
    assert len(table.changed) > 200
    assert table.faults() == []
    assert table.count("missed") == 0


def test_verify_looked_up_names_and_reached_a_service_from_every_node(cluster):
    ended = cluster.events("StepEnded")
    assert ended, "the journal is empty"
    for task in (
        "Look up a Service's name from every node",
        "Fetch from the Service on every node",
    ):
        items = [e for e in ended if e["place"]["task"].endswith(task) and not e["loop"]]
        assert len(items) == 3, task
        assert {e["status"] for e in items} == {"ok"}, task


def test_workers_install_packages_while_the_control_plane_initialises(cluster):
    # Which is the slower one is the machine's to say: that neither waits is the graph's
    graph = cluster.play("graph", "kubeadm.yml")
    vertices = re.findall(r"^\*? +([\d.]+) +(.+?)  \[", graph, re.MULTILINE)
    init = next(key for key, task in vertices if task.endswith("Initialise the control plane"))
    packages = [
        key
        for key, task in vertices
        if task.endswith("Install packages that the kubelet and kubeadm need")
    ]
    assert len(packages) == 2, vertices
    of_workers = packages[1]
    for one, other in ((init, of_workers), (of_workers, init)):
        said = cluster.play("graph", "kubeadm.yml", "--why", one, other)
        assert "does not wait" in said
    joined = next(key for key, task in vertices if task.endswith("Join the cluster"))
    assert "does not wait" not in cluster.play("graph", "kubeadm.yml", "--why", init, joined)


def test_the_kubeconfig_is_a_context_of_the_controller(cluster):
    path = cluster.directory / "kubeconfig"
    assert path.stat().st_mode & 0o777 == 0o600
    config = yaml.safe_load(path.read_text())
    assert cluster.lab.name in [one["name"] for one in config["contexts"]]


def test_no_token_reached_a_log(cluster):
    assert not [found for text in cluster.texts() for found in TOKEN.findall(text)]


def test_planning_again_finds_nothing_to_do(cluster):
    text = cluster.play("plan", "kubeadm.yml", "--detailed-exitcode")
    assert "no changes" in text.lower()


def test_running_again_changes_nothing(cluster):
    cluster.play("run", "kubeadm.yml")
    assert cluster.changed() == []


OBJECTS = """\
- hosts: cp1
  gather_facts: false
  become: true
  tasks:
    - kubernetes.core.k8s:
        kubeconfig: /etc/kubernetes/admin.conf
        definition: |
          {apiVersion: v1, kind: Namespace, metadata: {name: objects}}
          ---
          {apiVersion: v1, kind: ConfigMap, metadata: {name: one, namespace: objects},
           data: {x: "1"}}
    - kubernetes.core.k8s_json_patch:
        kubeconfig: /etc/kubernetes/admin.conf
        kind: Namespace
        name: objects
        patch: [{op: add, path: /metadata/labels/tier, value: web}]
    - kubernetes.core.k8s_taint:
        kubeconfig: /etc/kubernetes/admin.conf
        name: w2
        taints: [{key: disk, value: slow, effect: PreferNoSchedule}]
    - kubernetes.core.k8s_info: {kubeconfig: /etc/kubernetes/admin.conf, kind: Node}
      register: nodes
    - assert:
        that:
          - nodes.resources | length == 3
          - nodes.resources[2].spec.taints[0].key == 'disk'
"""


def test_objects_of_the_cluster_are_as_playbooks_want_them(cluster):
    playbook = cluster.write("objects.yml", OBJECTS)
    planned = cluster.play("plan", playbook, "--detailed-exitcode", code=3)
    assert "1 to create, 1 to update" in planned, planned
    assert "an earlier step changes Namespace/objects" in planned
    done = cluster.play("apply", playbook)
    assert re.search(r"cp1 : ok=5 +changed=3 ", done), done
    assert "no changes" in cluster.play("plan", playbook, "--detailed-exitcode")
    there = cluster.kubectl("get", "ns", "objects", "-o", "jsonpath={.metadata.labels.tier}")
    assert there == "web"


TRUTH = """\
- hosts: cp1
  gather_facts: false
  become: true
  vars:
    account: {apiVersion: v1, kind: ServiceAccount, metadata: {name: own, namespace: default}}
  tasks:
    - name: Make a namespace and what lies in it
      kubectl_apply:
        kubeconfig: "{{ kubeconfig | default('/etc/kubernetes/admin.conf') }}"
        context: "{{ context | default(omit) }}"
        definition:
          - {apiVersion: v1, kind: Namespace, metadata: {name: asked}}
          - {apiVersion: v1, kind: ConfigMap, metadata: {name: one, namespace: asked}}
          - {apiVersion: v1, kind: ConfigMap, metadata: {name: two, namespace: default}}
          - "{{ more | default(account) }}"
    - name: Use a kind that comes with its definition
      kubernetes.core.k8s:
        kubeconfig: /etc/kubernetes/admin.conf
        apply: true
        wait: true
        wait_condition: {type: Established}
        definition:
          apiVersion: apiextensions.k8s.io/v1
          kind: CustomResourceDefinition
          metadata: {name: pages.asked.example.com}
          spec:
            group: asked.example.com
            scope: Namespaced
            names: {plural: pages, singular: page, kind: Page}
            versions:
              - name: v1
                served: true
                storage: true
                schema: {openAPIV3Schema: {type: object}}
    - name: Make one of that kind
      kubernetes.core.k8s:
        kubeconfig: /etc/kubernetes/admin.conf
        definition:
          apiVersion: asked.example.com/v1
          kind: Page
          metadata: {name: page, namespace: asked}
"""


@pytest.fixture
def truth(cluster):
    """``truth(verb, code, **settings)``: what kplay says of a playbook of new objects."""
    playbook = cluster.write("truth.yml", TRUTH)

    def say(verb: str, *more: str, **settings: object) -> str:
        return cluster.play(verb, playbook, *more, **settings)

    return say


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"dat": {}}, 'unknown field "dat"'),
        ({"data": {"a key": "x"}}, "Invalid value"),
        ({"metadata": {"name": "wrong", "namespace": "nowhere"}}, "there is no namespace nowhere"),
        ({"apiVersion": "v2"}, "the cluster has no kind ConfigMap in v2"),
    ],
)
def test_a_new_object_that_the_api_server_refuses_fails_the_plan(cluster, truth, wrong, said):
    meta = {"name": "wrong", "namespace": "default"}
    whole = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, **wrong}
    text = truth("plan", code=2, more=whole)
    shown = re.sub(r"\s+", " ", text)
    assert said in shown
    assert "/wrong" in shown
    assert "truth.yml:8:" in text
    assert "asked" not in cluster.kubectl("get", "namespaces", "-o", "name")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kubeconfig": "/etc/kubernetes/admni.conf"}, "no kubeconfig /etc/kubernetes/admni.conf"),
        ({"context": "nobody@kubernetes"}, "no context nobody@kubernetes in /etc/kubernetes/admin"),
    ],
)
def test_a_way_to_the_cluster_that_there_is_not_fails_the_plan(truth, wrong, said):
    text = truth("plan", code=2, **wrong)
    assert said in text
    assert "truth.yml:8:" in text


def test_what_could_not_be_asked_about_is_said_and_comes_as_planned(cluster, truth):
    text = re.sub(r"\s+", " ", truth("plan", "--detailed-exitcode", code=3))
    assert "3 to create" in text
    start = "note: the API server could not be asked about "
    assert f"{start}ConfigMap/asked/one: there is no namespace asked yet" in text
    kind = "the cluster has no kind Page in asked.example.com/v1 yet"
    assert f"{start}Page/asked/page: {kind}" in text
    assert text.count(start) == 2
    assert re.search(r"cp1 : ok=3 +changed=3 ", truth("run"))
    assert "no changes" in truth("plan", "--detailed-exitcode")


def test_a_chart_is_a_release_of_the_cluster(cluster):
    helm_course.short(cluster)


def test_a_chart_that_the_api_server_refuses_fails_the_plan(cluster):
    release = helm_course.PLAYBOOKS / "release.yml"
    text = cluster.play("plan", release, code=2, greeting="hello", image="")
    assert "Release the shop: Deployment/shop: " in text
    assert "image: Required value" in text


def test_reset_makes_bare_hosts_of_them(cluster):
    reset(cluster)
    text = cluster.play("plan", "reset.yml", "--detailed-exitcode")
    assert "no changes" in text.lower()


def test_a_controller_killed_while_the_cluster_initialises_is_resumed(cluster):
    running = cluster.start(*cluster.words("apply", "kubeadm.yml", "--report", "plain"))

    def began_init() -> bool:
        assert running.poll() is None, cluster.finish(running).said
        return any(
            one["place"]["module"] == "kubeadm_init" for one in cluster.events("StepStarted")
        )

    wait_for(began_init, "kubeadm init", 600)
    running.kill()
    cluster.finish(running)
    assert "Join the cluster" in cluster.ok("resume").said
    test_every_node_is_ready(cluster)
    ended = cluster.events("StepEnded")
    assert len([e for e in ended if e["place"]["module"] == "kubeadm_init"]) == 1


def reset(cluster: Cluster) -> None:
    cluster.play("run", "reset.yml")
    for host in ("cp1", "w1", "w2"):
        left = cluster.on(host, "sudo ls -A /etc/kubernetes", code=None)
        assert "kubelet.conf" not in left
        assert "admin.conf" not in left
