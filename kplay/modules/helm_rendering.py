"""What a release is made of, and what a chart would make of it."""

import re
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional

from kplay.agent.host import UnknownValue
from kplay.modules import helm_changes, helm_program, helm_words
from kplay.modules.api import ABSENT, Args, ModuleFailure
from kplay.modules.helm_changes import Texts

if TYPE_CHECKING:
    from kplay.agent.host import Probe


class Rendered(NamedTuple):
    """A chart with its values."""

    chart: str
    """NAME-VERSION."""
    values: Dict[str, Any]
    texts: Texts


def of_release(probe: "Probe", args: Args, there: Dict[str, Any]) -> Rendered:
    """Give the values that the release was given last, and the manifests of what is deployed.

    It is the deployed revision that helm compares with.
    """
    name, namespace = args["name"], args["namespace"]
    last = helm_program.stored(probe, args, name, namespace)
    made = last
    if there["status"] != "deployed":
        deployed = helm_program.deployed(probe, args, name, namespace)
        if deployed is not None:
            made = helm_program.stored(probe, args, name, namespace, deployed)
    return Rendered(there["chart"], last.values, Texts(made.manifest, made.hooks))


def brought(probe: "Probe", args: Args) -> str:
    """Give the file that helm is to read and that only an earlier step of a plan brings."""
    if not probe.scratch():
        return ""
    for path in [args["chart"], *(args["values_files"] or [])]:
        if "://" in path:
            continue
        planned = probe.effect("path", path)
        if isinstance(planned, dict) and planned.get("state") != ABSENT:
            return str(path)
    return ""


def of_chart(probe: "Probe", args: Args, there: Optional[Dict[str, Any]]) -> Rendered:
    """Render the chart as helm would, with the cluster to ask.

    Args:
        probe: the host that has helm.
        args: under the names of ``helm_program``.
        there: the release that is, or None.

    Raises:
        ModuleFailure: helm or the API server refuses it.
        UnknownValue: a plan cannot tell.
    """
    half_done = there is not None and there["status"] not in ("deployed", "failed", "superseded")
    crds = ""
    if there is None and not args["skip_crds"]:
        crds = _ask(probe, args, ["show", "crds", args["chart_ref"], *helm_words.source(args)])
    try:
        made = None if half_done else helm_program.rehearse(probe, args)
    except ModuleFailure as failed:
        kindless = "no matches for kind" in str(failed.fields.get("stderr"))
        if not kindless or not (crds.strip() or helm_changes.foreseen_kinds(probe)):
            raise
        half_done = True
        made = None
    if half_done:
        return _templated(probe, args, crds)
    if made is None:
        raise _untold(args)
    return Rendered(made.chart, made.values, Texts(made.manifest, made.hooks, crds))


def _untold(args: Args) -> UnknownValue:
    return UnknownValue(
        "what the chart %s holds: this host lets no program keep what it fetches in memory"
        % args["chart_ref"]
    )


def _ask(probe: "Probe", args: Args, words: List[str], stdin: str = "") -> str:
    done = helm_program.alone(probe, args, words, stdin)
    if done is None:
        if "://" in args["chart_ref"] or probe.stat(args["chart_ref"]) is None:
            raise _untold(args)
        done = helm_program.ask(probe, args, words, stdin)
    return done.stdout


def _templated(probe: "Probe", args: Args, crds: str) -> Rendered:
    """Render the chart where the API server cannot look at it yet: kinds are still to come."""
    told = _ask(probe, args, ["show", "chart", args["chart_ref"], *helm_words.source(args)])
    name, version = (
        (re.findall(r"(?m)^%s: *[\"']?([^\"'\s]+)" % word, told) or [""])[0]
        for word in ("name", "version")
    )
    version_of_cluster, served = helm_changes.versions(probe, args)
    stdin, words = helm_words.template(args)
    words += ["--kube-version=" + version_of_cluster] if version_of_cluster else []
    words += ["--api-versions=" + one for one in served]
    texts = _ask(probe, args, words, stdin)
    values = args["release_values"]
    return Rendered("%s-%s" % (name, version), values, Texts(texts, None, crds))
