"""rancher_cluster: a cluster that Rancher knows, to be imported by what it gives for that.

Its result holds the registration token, also inside of URLs and of the manifest: tasks that call it
say no_log.
"""

from typing import TYPE_CHECKING, Any, Dict, List, Optional
from urllib.parse import quote

from kplay.modules import rancher_api
from kplay.modules.api import ABSENT, Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

_OURS = "local"
"""Id of the cluster that Rancher itself runs in."""

_MAPPINGS = ("labels", "annotations")


def observe(probe: "Probe", args: Args) -> State:
    """Ask for the cluster of that name and for its registration token."""
    with rancher_api.Session(probe, args) as session:
        return look(session, args)


def look(session: rancher_api.Session, args: Args) -> State:
    """Give the cluster as Rancher has it."""
    cluster = find(session, args["name"])
    if cluster is None:
        return {"state": ABSENT, "registration": ABSENT, "cluster": {}, "given": {}}
    found: State = {"state": "present", "cluster": cluster}
    found["description"] = cluster.get("description") or ""
    for name in _MAPPINGS:
        there = cluster.get(name) or {}
        found[name] = {key: there.get(key) for key in args.get(name) or {}}
    token = registration(session, str(cluster["id"]))
    found["registration"] = "present" if token else ABSENT
    found["given"] = given(session, args, cluster, token)
    return found


def find(session: rancher_api.Session, name: str) -> Optional[Dict[str, Any]]:
    """Give the cluster of that name, or None.

    Raises:
        ModuleFailure: there are several, which Rancher allows.
    """
    named = [
        one for one in session.listed("/v3/clusters?name=" + quote(name)) if one.get("name") == name
    ]
    if len(named) > 1:
        ids = ", ".join(sorted(str(one.get("id")) for one in named))
        raise ModuleFailure("Rancher has several clusters named %s: %s" % (name, ids))
    return named[0] if named else None


def registration(session: rancher_api.Session, cluster: str) -> Optional[Dict[str, Any]]:
    """Give a registration token of the cluster whose commands are there, or None."""
    path = "/v3/clusterregistrationtokens?clusterId=" + cluster
    made = [one for one in session.listed(path) if one.get("clusterId", cluster) == cluster]
    return next((one for one in made if one.get("manifestUrl")), None)


def given(
    session: rancher_api.Session,
    args: Args,
    cluster: Dict[str, Any],
    token: Optional[Dict[str, Any]],
) -> State:
    """Give the return fields: what the cluster is, and what it is imported by."""
    fields: State = {
        "id": cluster["id"],
        "name": cluster.get("name"),
        "cluster_state": cluster.get("state") or "",
        "agent_tls_mode": session.send("GET", "/v3/settings/agent-tls-mode").get("value") or "",
    }
    authorities = session.send("GET", "/v3/settings/cacerts").get("value") or ""
    fields["ca_checksum"] = rancher_api.checksums(authorities)[0] if authorities else ""
    if token is not None:
        fields["manifest_url"] = token["manifestUrl"]
        fields["command"] = token.get("command") or ""
        fields["insecure_command"] = token.get("insecureCommand") or ""
        fields["registration_token"] = token.get("token") or ""
        if args["manifest"]:
            fields["manifest"] = manifest(session, token["manifestUrl"])
    return fields


def manifest(session: rancher_api.Session, url: str) -> str:
    """Give what is to be applied to the cluster, over the connection that is trusted.

    The URL begins with the setting server-url, which may be another name of the same Rancher.
    """
    at = url.find("/v3/import/")
    if at < 0:
        raise ModuleFailure(
            "the manifest's URL has no /v3/import/, but is %s" % url.split("?", 1)[0]
        )
    return session.text(url[at:])


def desire(args: Args, found: State) -> State:
    """Want it known with what is said of it, and with a registration token; or gone."""
    if args["state"] == "absent":
        if found["cluster"].get("id") == _OURS:
            raise ModuleFailure("%s is the cluster that Rancher itself runs in" % args["name"])
        return {"state": ABSENT}
    wanted: State = {"registration": "present"}
    if found["state"] == ABSENT:
        wanted["state"] = "present"
    for name in ("description", *_MAPPINGS):
        if args.get(name) is not None:
            wanted[name] = args[name]
    if found["cluster"].get("id") == _OURS:
        # It is not imported: Rancher is in it
        del wanted["registration"]
    return wanted


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give what is there when nothing changes."""
    return {} if changed else dict(found["given"])


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Create, change or remove it; make the registration token where there is none."""
    with rancher_api.Session(host, args) as session:
        if wanted.get("state") == ABSENT:
            session.send("DELETE", "/v3/clusters/%s" % found["cluster"]["id"])
            _gone(host, session, args)
            return {"id": found["cluster"]["id"]}
        body = {name: wanted[name] for name in ("description", *_MAPPINGS) if name in wanted}
        if found["state"] == ABSENT:
            whole = dict(body, type="cluster", name=args["name"])
            cluster = session.send("POST", "/v3/clusters", whole)
        else:
            cluster = _changed(session, found["cluster"], body)
        token = registration(session, str(cluster["id"]))
        if token is None and "registration" in wanted:
            token = _registered(host, session, args, str(cluster["id"]))
        return given(session, args, cluster, token)


def _changed(
    session: rancher_api.Session, cluster: Dict[str, Any], body: Dict[str, Any]
) -> Dict[str, Any]:
    """Change what differs, and keep the labels and annotations that are not ours."""
    for name in _MAPPINGS:
        if name in body:
            body[name] = dict(cluster.get(name) or {}, **body[name])
    same = all((cluster.get(name) or "") == (value or "") for name, value in body.items())
    if same:
        return cluster
    whole = dict(body, name=cluster["name"])
    return session.send("PUT", "/v3/clusters/%s" % cluster["id"], whole)


def _registered(
    host: "Host", session: rancher_api.Session, args: Args, cluster: str
) -> Dict[str, Any]:
    """Make a registration token, and wait until Rancher has filled in its commands.

    A cluster that was made through the API has none until one is made for it.
    """
    body = {"type": "clusterRegistrationToken", "clusterId": cluster}
    session.send("POST", "/v3/clusterregistrationtokens", body)
    start = float(host.facts()["now"])
    while True:
        token = registration(session, cluster)
        if token is not None:
            return token
        if float(host.facts()["now"]) - start >= args["wait_timeout"]:
            message = "Rancher gave no manifest URL for cluster %s within %d seconds"
            raise ModuleFailure(message % (args["name"], args["wait_timeout"]))
        host.sleep(1.0)


def _gone(host: "Host", session: rancher_api.Session, args: Args) -> None:
    start = float(host.facts()["now"])
    while find(session, args["name"]) is not None:
        if float(host.facts()["now"]) - start >= args["wait_timeout"]:
            message = "cluster %s is still there %d seconds after its removal"
            raise ModuleFailure(message % (args["name"], args["wait_timeout"]))
        host.sleep(1.0)


_SHOWN: List[str] = ["state", "description", "labels", "annotations", "registration"]

module = Module(
    "rancher_cluster",
    args=dict(
        rancher_api.ARGS,
        name=Arg(required=True),
        state=Arg(default="present", choices=("present", "absent")),
        description=Arg(),
        labels=Arg("dict"),
        annotations=Arg("dict"),
        # Fetch the manifest, too: it can then be applied without a second way to Rancher
        manifest=Arg("bool", default=True),
        wait_timeout=Arg("int", default=120),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    result=result,
    writes_files=False,
    fields=tuple(_SHOWN),
    requires_one_of=rancher_api.ONE_OF,
    exclusive_args=rancher_api.AT_MOST,
)
