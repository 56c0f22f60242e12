"""What a plan says of new objects that the API server does not take; its words are a real one's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.agent.host import Completed
from kplay.modules.api import UNKNOWN
from kplay.modules.kubectl_apply import module
from kplay.testing import plan, play

if TYPE_CHECKING:
    from collections.abc import Sequence

ADMIN = "/etc/kubernetes/admin.conf"
CREATING = 'error when creating "STDIN": '
STRICT = (
    f"Error from server (BadRequest): {CREATING}ConfigMap in version "
    '"v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dat"\n'
)
INVALID = 'The ConfigMap "a" is invalid: \n* data[x]: Invalid value\n* data[y]: Required value\n'
DENIED = (
    f'Error from server: {CREATING}admission webhook "w.example.com" denied the request: not here\n'
)
FORBIDDEN = (
    f"Error from server (Forbidden): {CREATING}configmaps "
    '"a" is forbidden: exceeded quota: q, requested: count/configmaps=1\n'
)
NO_ACCOUNT = (
    f'Error from server (Forbidden): {CREATING}pods "a" is forbidden: error looking up service '
    'account web/own: serviceaccount "own" not found\n'
)
SILENT = (
    f"Error from server (InternalError): {CREATING}Internal error occurred: failed calling webhook "
    '"w.example.com": failed to call webhook: Post "https://hook.web.svc:443/": dial tcp '
    "10.96.0.7:443: connect: connection refused\n"
)
NO_DRY_RUN = (
    f"Error from server (BadRequest): {CREATING}admission webhook "
    '"w.example.com" does not support dry run\n'
)


def thing(name: str = "a", kind: str = "ConfigMap", version: str = "v1") -> dict[str, Any]:
    meta = {"name": name, "namespace": "web"}
    return {"apiVersion": version, "kind": kind, "metadata": meta}


class Judge:
    """A cluster whose API server has something to say of some objects, by their names."""

    def __init__(self, cluster: Any) -> None:
        self.cluster, self.host = cluster, cluster.host
        self.said: dict[str, str] = {}
        self.host.add_file(ADMIN)
        cluster.strict = True
        cluster.objects["Namespace", "", "web"] = {"kind": "Namespace", "metadata": {"name": "web"}}
        merged = cluster.apply

        def apply(words: list[str], key: tuple[str, str, str], given: Any) -> Any:
            said = self.said.get(key[2])
            return Completed(1, "", said) if said else merged(words, key, given)

        cluster.apply = apply

    def plan(self, *objects: dict[str, Any]) -> Any:
        self.host.queries.clear()
        return plan(module, {"definition": list(objects)}, self.host)

    def foresee(self, *labels: str) -> None:
        for label in labels:
            self.host.effects["kubernetes", label] = {"state": "changed"}
            kind = "any " + label.partition("/")[0]
            self.host.effects["kubernetes", kind] = {"state": "changed"}

    def asked(self) -> list[Sequence[str]]:
        return [argv for argv in self.host.queries if "--dry-run=server" in argv]


@pytest.fixture
def judge(cluster: Any) -> Judge:
    return Judge(cluster)


def test_what_is_taken_costs_one_request(judge: Judge) -> None:
    planned = judge.plan(*(thing(f"m{n}") for n in range(9)))
    assert (planned.action, "warnings" in planned.fields) == ("create", False)
    assert len(judge.asked()) == 1
    play(module, {"definition": [thing("m0")]}, judge.host)
    assert judge.plan(thing("m0"), thing("m1")).before["contents"] == {"ConfigMap/web/m1": ""}
    assert len(judge.asked()) == 1


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            STRICT,
            (
                'ConfigMap in version "v1" cannot be handled as a ConfigMap: '
                'strict decoding error: unknown field "dat"'
            ),
        ),
        (
            INVALID,
            'The ConfigMap "a" is invalid: data[x]: Invalid value; data[y]: Required value',
        ),
        (DENIED, 'admission webhook "w.example.com" denied the request: not here'),
        (FORBIDDEN, "exceeded quota: q, requested"),
        (NO_ACCOUNT, 'serviceaccount "own" not found'),
    ],
)
def test_a_refusal_fails_the_plan_with_the_server_s_words(
    judge: Judge, said: str, shown: str
) -> None:
    judge.said["a"] = "Warning: unrelated\n" + said
    refused = judge.plan(thing("one"), thing("a"), thing("two"))
    assert refused.failed
    assert refused.msg.startswith("ConfigMap/web/a: ")
    assert shown in refused.msg
    assert "STDIN" not in refused.msg
    assert len(judge.asked()) == 2


def test_each_refused_object_is_named(judge: Judge) -> None:
    judge.said.update(a=STRICT, b=INVALID.replace('"a"', '"b"'))
    refused = judge.plan(thing("b"), thing("one"), thing("a"))
    one, other = refused.msg.split("; ConfigMap/web/a: ")
    assert one.startswith('ConfigMap/web/b: The ConfigMap "b" is invalid')
    assert "strict decoding error" in other


def test_objects_of_one_name_are_asked_about_one_by_one(judge: Judge) -> None:
    judge.cluster.objects["Namespace", "", "far"] = {}
    far = {**thing("a"), "metadata": {"name": "a", "namespace": "far"}}
    merged = judge.cluster.apply

    def apply(words: list[str], key: tuple[str, str, str], given: Any) -> Any:
        return Completed(1, "", DENIED) if key[1] == "far" else merged(words, key, given)

    judge.cluster.apply = apply
    refused = judge.plan(far, thing("a"))
    assert refused.msg.startswith("ConfigMap/far/a: ")
    assert "ConfigMap/web/a" not in refused.msg


@pytest.mark.parametrize(
    ("said", "foreseen", "why"),
    [
        (NO_ACCOUNT, "ServiceAccount/web/own", "ServiceAccount own is not there yet"),
        (FORBIDDEN, "ResourceQuota/web/q", "a ResourceQuota is still to change: "),
        (FORBIDDEN, "Namespace/web", "a Namespace is still to change: "),
        (DENIED, "ValidatingWebhookConfiguration/w", "ValidatingWebhookConfiguration is still to"),
        (SILENT, "Service/web/hook", "its webhook does not answer yet: "),
        (NO_DRY_RUN, "", "a webhook of the cluster supports no dry run"),
    ],
)
def test_what_an_earlier_step_may_mend_is_no_failure(
    judge: Judge, said: str, foreseen: str, why: str
) -> None:
    judge.said["a"] = said
    if foreseen:
        judge.foresee(foreseen)
    planned = judge.plan(thing("a"), thing("one"))
    assert planned.action == "create"
    (warning,) = planned["warnings"]
    start = "the API server could not be asked about ConfigMap/web/a: "
    assert warning.startswith(start)
    assert why in warning


def test_rules_that_change_excuse_no_field_that_there_is_not(judge: Judge) -> None:
    judge.foresee("ResourceQuota/web/q", "Namespace/web", "ServiceAccount/web/own")
    judge.said["a"] = STRICT
    assert "strict decoding error" in judge.plan(thing("a")).msg


def test_an_account_beside_its_pod_is_still_to_come(judge: Judge) -> None:
    judge.cluster.kinds.add("ServiceAccount")
    judge.said["a"] = NO_ACCOUNT
    planned = judge.plan(thing("own", "ServiceAccount"), thing("a", "Pod"))
    assert planned.action == "create"
    assert "ServiceAccount own is not there yet" in planned["warnings"][0]
    assert judge.plan(thing("other", "ServiceAccount"), thing("a", "Pod")).failed


def test_a_kind_that_changes_may_get_the_field(judge: Judge) -> None:
    judge.cluster.kinds.add("Page")
    judge.said["a"] = STRICT.replace("ConfigMap", "Page")
    page = thing("a", "Page", "example.com/v1")
    assert judge.plan(page).failed
    judge.foresee("CustomResourceDefinition/books.example.org")
    assert judge.plan(page).failed
    judge.foresee("CustomResourceDefinition/pages.example.com")
    planned = judge.plan(page)
    assert planned.action == "create"
    assert "its kind is still to change: " in planned["warnings"][0]


def test_a_kind_that_nobody_brings_leaves_the_rest_asked_about(judge: Judge) -> None:
    judge.foresee("CustomResourceDefinition/pages.example.com")
    judge.said["a"] = STRICT
    page = thing("p", "Page", "example.com/v1")
    other = judge.plan(thing("d", "DaemonSet", "apps/v1"))
    assert "the cluster has no kind DaemonSet in apps/v1, which" in other.msg
    assert "ConfigMap/web/a: " in judge.plan(page, thing("a")).msg
    del judge.said["a"]
    planned = judge.plan(page, thing("a"))
    assert planned["warnings"] == [
        (
            "the API server could not be asked about Page/web/p: "
            "the cluster has no kind Page in example.com/v1 yet"
        )
    ]


def test_a_webhook_that_nothing_starts_leaves_a_plan_open(judge: Judge) -> None:
    judge.said["a"] = SILENT
    planned = judge.plan(thing("a"))
    assert planned.action == "unknown"
    assert planned.msg.startswith("a webhook of the cluster does not answer: ")


def test_what_stands_is_not_excused(judge: Judge) -> None:
    play(module, {"definition": [thing("a")]}, judge.host)
    judge.foresee("ResourceQuota/web/q")
    judge.said["a"] = FORBIDDEN
    planned = judge.plan(thing("a"), thing("b"))
    assert planned.action == "unknown"
    assert planned.msg.startswith("what becomes of ConfigMap/web/a: a ResourceQuota is still")


def test_a_note_names_few_of_many_objects(judge: Judge) -> None:
    far = [{**thing(f"m{n}"), "metadata": {"name": f"m{n}", "namespace": "far"}} for n in range(6)]
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "far"}}
    planned = judge.plan(namespace, *far)
    assert planned["warnings"] == [
        (
            "the API server could not be asked about ConfigMap/far/m0, ConfigMap/far/m1, "
            "ConfigMap/far/m2, ConfigMap/far/m3 and 2 more: there is no namespace far yet"
        )
    ]
    assert [argv[1] for argv in judge.asked()] == ["apply", "create"]


def test_fields_are_looked_at_before_there_is_the_namespace(judge: Judge) -> None:
    judge.foresee("Namespace/far")
    far = {**thing("a"), "metadata": {"name": "a", "namespace": "far"}}
    made = judge.cluster.create

    def create(words: list[str], key: tuple[str, str, str], given: Any) -> Any:
        assert key[1] == "default"
        said = judge.said.get(key[2])
        return Completed(1, "", said) if said else made(words, key, given)

    judge.cluster.create = create
    judge.cluster.apply = lambda *_: Completed(1, "", "no\n")
    assert judge.plan(far).action == "create"
    judge.said["a"] = STRICT
    refused = judge.plan(far)
    assert refused.failed
    assert refused.msg.startswith("ConfigMap/far/a: Error from server (BadRequest)")
    # What is so in the other namespace alone says nothing of this one
    for said in (
        DENIED,
        FORBIDDEN,
        "The secrets \"a\" is invalid: : ValidatingAdmissionPolicy 'p' denied request: no\n",
        'Error from server (AlreadyExists): configmaps "a" already exists\n',
    ):
        judge.said["a"] = said
        planned = judge.plan(far)
        assert planned.action == "create"
        assert "there is no namespace far yet" in planned["warnings"][0]


def test_what_only_the_run_can_tell_is_not_asked_about(judge: Judge) -> None:
    one = {**thing("a"), "data": {"x": UNKNOWN}}
    planned = judge.plan(one)
    assert planned["warnings"] == [
        (
            "the API server could not be asked about ConfigMap/web/a: "
            "only the run can tell what it holds"
        )
    ]
    assert judge.asked() == []
    nowhere = {**one, "metadata": {"name": "a", "namespace": "nowhere"}}
    assert "there is no namespace nowhere" in judge.plan(nowhere).msg


def test_a_run_applies_what_no_dry_run_can_judge(judge: Judge) -> None:
    play(module, {"definition": [thing("a"), thing("b")]}, judge.host)
    merged = judge.cluster.apply

    def apply(words: list[str], key: tuple[str, str, str], given: Any) -> Any:
        refused = key[2] == "a" and "--dry-run=server" in words
        return Completed(1, "", NO_DRY_RUN) if refused else merged(words, key, given)

    judge.cluster.apply = apply
    both = [{**thing("a"), "data": {"x": "1"}}, thing("b")]
    assert plan(module, {"definition": both}, judge.host).action == "unknown"
    done = play(module, {"definition": both}, judge.host)
    assert [one["action"] for one in done["objects"]] == ["configured", "unchanged"]
    assert not play(module, {"definition": both}, judge.host).changed


def test_a_request_that_runs_out_of_time_is_no_refusal(judge: Judge) -> None:
    judge.cluster.apply = lambda *_: Completed(-15, "", "Warning: slow\n")
    planned = judge.plan(thing("a"))
    assert planned.action == "unknown"
    assert "in time" in planned.unknown
    assert len(judge.asked()) == 1


@pytest.mark.parametrize(("first", "later"), [("default", None), (None, "default")])
def test_no_namespace_may_be_the_default_one(judge: Judge, first: Any, later: Any) -> None:
    def named(namespace: str | None) -> dict[str, Any]:
        meta = {"name": "a"} if namespace is None else {"name": "a", "namespace": namespace}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}

    judge.foresee("/".join(["ConfigMap", *([first] if first else []), "a"]))
    planned = judge.plan(named(later))
    assert planned.action == "unknown"
    assert "an earlier step changes ConfigMap/" in planned.unknown


def test_a_program_of_another_name_is_refused(judge: Judge) -> None:
    given = {"definition": [thing()], "kubectl": "/opt/bin/kubctl"}
    for done in (plan(module, given, judge.host), play(module, given, judge.host)):
        assert done.failed
        assert done.fields["msg"].startswith("kubectl is /opt/bin/kubctl, and not the path")
