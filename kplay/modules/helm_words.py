"""Helm's words for upgrading and rendering, under kubernetes.core's names of arguments."""

import json
from typing import Any, Dict, List, Tuple

from kplay.modules.api import Args

_SWITCHES = (
    "atomic", "create_namespace", "dependency_update", "force", "skip_crds", "take_ownership",
    "wait",
)  # fmt: skip


def upgrade(args: Args) -> Tuple[str, List[str]]:
    """Give helm's standard input and words for installing or upgrading."""
    words = ["upgrade", "--install", args["release_name"], args["chart_ref"]]
    words += ["-n", args["release_namespace"], *source(args)]
    if args.get("history_max") is not None:
        words.append("--history-max=%s" % args["history_max"])
    if args.get("reuse_values"):
        words.append("--reuse-values")
    elif args.get("reset_then_reuse_values"):
        words.append("--reset-then-reuse-values")
    elif args.get("reset_values", True):
        words.append("--reset-values")
    words += ["--" + name.replace("_", "-") for name in _SWITCHES if args.get(name)]
    timeout = args.get("timeout") or args.get("wait_timeout")
    if timeout:
        words.append("--timeout=" + duration(timeout))
    return _rendering(args, words)


def template(args: Args) -> Tuple[str, List[str]]:
    """Give helm's standard input and words for rendering a chart without a cluster."""
    words = ["template", args["release_name"], args["chart_ref"], "--no-hooks"]
    words += ["-n", args["release_namespace"], *source(args)]
    return _rendering(args, words)


def source(args: Args) -> List[str]:
    """Give helm's words for where the chart comes from, and which version of it."""
    words = []
    for name, flag in (("chart_version", "--version"), ("chart_repo_url", "--repo")):
        if args[name] is not None:
            words.append("%s=%s" % (flag, args[name]))
    switches = ("insecure_skip_tls_verify", "plain_http")
    return words + ["--" + name.replace("_", "-") for name in switches if args.get(name)]


def duration(given: str) -> str:
    """Give a time as helm takes it; a mere number is seconds."""
    return given if given[-1:].isalpha() else given + "s"


def _rendering(args: Args, words: List[str]) -> Tuple[str, List[str]]:
    """Add what a chart is rendered with."""
    if args.get("post_renderer") is not None:
        words.append("--post-renderer=%s" % args["post_renderer"])
    if args.get("skip_schema_validation"):
        words.append("--skip-schema-validation")
    if args.get("disable_hook") and "--no-hooks" not in words:
        words.append("--no-hooks")
    words += ["--values=" + path for path in args.get("values_files") or []]
    stdin = ""
    if args["release_values"]:
        # Values may be secrets, which have no place in an argument
        words.append("--values=-")
        stdin = json.dumps(args["release_values"])
    for one in args.get("set_values") or []:
        kind = one.get("value_type", "raw")
        words += ["--set" if kind == "raw" else "--set-" + kind, one["value"]]
    return stdin, words


def merged(below: Dict[str, Any], above: Dict[str, Any]) -> Dict[str, Any]:
    """Give values with others laid over them, as helm lays one values file over another."""
    made = dict(below)
    for key, value in above.items():
        nested = isinstance(value, dict) and isinstance(made.get(key), dict)
        made[key] = merged(made[key], value) if nested else value
    return made
