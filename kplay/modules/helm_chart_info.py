"""helm_chart_info: what a chart says of itself, and whether it accepts a version of Kubernetes.

Versions are compared by helm itself, which knows what a chart may ask for: ranges, prereleases,
builds such as v1.36.3+k3s1.
"""

import re
from typing import TYPE_CHECKING, Dict, List

from kplay.agent.host import UnknownValue
from kplay.modules import helm_program, helm_words
from kplay.modules.api import ABSENT, Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe

# A line of a document that helm has written: a name at the margin, and a value on the same line
_FIELD = re.compile(r"^([A-Za-z]+): *(.*?) *$", re.MULTILINE)
_REFUSED = "chart requires kubeVersion"


def observe(probe: "Probe", args: Args) -> State:
    """Have helm show the chart, and render it for that Kubernetes."""
    program = args["binary_path"]
    there = probe.stat(program) if "/" in program else probe.which(program)
    if probe.scratch() and there is None:
        raise UnknownValue("what helm says of %s, which an earlier step brings" % args["chart"])
    planned = probe.effect("path", args["chart"])
    if isinstance(planned, dict) and planned.get("state") != ABSENT:
        raise UnknownValue("what %s holds, which an earlier step brings" % args["chart"])
    source = _source(args)
    about = fields(_ask(probe, args, ["show", "chart", *source]))
    found: State = {
        "name": about.get("name", ""),
        "version": about.get("version", ""),
        "app_version": about.get("appVersion", ""),
        "kube_version": about.get("kubeVersion", ""),
    }
    if args["kube_version"]:
        found["accepted"] = accepted(probe, args, source)
    return found


def _source(args: Args) -> List[str]:
    named = {"chart_version": args["version"], "chart_repo_url": args["repo_url"]}
    return [args["chart"], *helm_words.source(dict(args, **named))]


def _ask(probe: "Probe", args: Args, words: List[str]) -> str:
    """Run helm, in a plan without leaving a cache where the host lets it."""
    done = helm_program.alone(probe, args, words)
    if done is None:
        local = "://" not in args["chart"] and probe.stat(args["chart"]) is not None
        if not local:
            raise UnknownValue("what the chart %s says, which helm would keep" % args["chart"])
        done = helm_program.ask(probe, args, words)
    return done.stdout


def fields(text: str) -> Dict[str, str]:
    r"""Read the scalars at the top of a Chart.yaml, as helm prints it.

    >>> fields("kubeVersion: '>= 1.22.0-0'\nname: x\nsources:\n- y\n")["kubeVersion"]
    '>= 1.22.0-0'
    """
    return {name: _scalar(value) for name, value in _FIELD.findall(text)}


def _scalar(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def accepted(probe: "Probe", args: Args, source: List[str]) -> bool:
    """Ask helm to render the chart for the version: it compares before it does anything else.

    What it then lacks, such as values, does not matter here.
    """
    version = "--kube-version=" + args["kube_version"]
    try:
        _ask(probe, args, ["template", "kplay", *source, version])
    except ModuleFailure as failed:
        said = str(failed.fields.get("stderr") or failed.msg)
        if "invalid semantic version" in said.lower() or "invalid kube version" in said.lower():
            raise
        return _REFUSED not in said
    return True


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Want nothing."""
    return {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give what was read."""
    return found


module = Module(
    "helm_chart_info",
    args={
        "binary_path": Arg("path", default="helm", aliases=("helm",)),
        "chart": Arg(required=True, aliases=("chart_ref",)),
        "version": Arg(aliases=("chart_version",)),
        "repo_url": Arg(aliases=("chart_repo_url",)),
        "kube_version": Arg(),
        "insecure_skip_tls_verify": Arg("bool", default=False),
        "plain_http": Arg("bool", default=False),
    },
    observe=observe,
    desire=desire,
    kind="read",
    result=result,
)
