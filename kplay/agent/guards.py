"""The guards of a step: what makes it unnecessary before its module is asked."""

from typing import TYPE_CHECKING, Any, Dict, Optional

from kplay.agent.host import UnknownValue
from kplay.agent.limits import reads_only

if TYPE_CHECKING:
    from kplay.agent.local import LocalHost
    from kplay.agent.reading import LocalProbe


def look(
    step: Dict[str, Any], probe: "LocalProbe", host: "Optional[LocalHost]"
) -> Optional[Dict[str, Any]]:
    """The result of a step that a guard skips, or None when it is to run."""
    given = step.get("guards") or {}
    creates, removes, unless = given.get("creates"), given.get("removes"), given.get("unless")
    if creates and probe.glob(creates):
        return _skipped("'%s' exists" % creates)
    if removes and not probe.glob(removes):
        return _skipped("'%s' does not exist" % removes)
    if unless:
        argv = unless if isinstance(unless, list) else ["/bin/sh", "-c", unless]
        if host is not None:
            done = host.run(argv)
        elif reads_only(argv):
            done = probe.query(argv)
        else:
            raise UnknownValue("whether `%s` succeeds, which only the run asks" % unless)
        if done.rc == 0:
            return _skipped("`%s` succeeds" % unless)
    return None


def _skipped(why: str) -> Dict[str, Any]:
    return {"action": "none", "changed": False, "fields": {"msg": "Did not run since " + why}}
