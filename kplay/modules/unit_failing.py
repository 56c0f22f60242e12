"""Units that do not come up: how they stand, and what they said of it."""

from typing import TYPE_CHECKING, Dict

from kplay.modules import units
from kplay.modules.api import State

if TYPE_CHECKING:
    from kplay.agent.host import Probe

LINES = 20
"""How much of a unit's log is given."""

SHOWN = ("ActiveState", "SubState", "Result", "ExecMainStatus", "NRestarts")


def standing(probe: "Probe", scope: str, unit: str) -> Dict[str, str]:
    """Give the few properties that tell how a unit's start goes, empty where nobody can tell."""
    wanted = [word for name in SHOWN for word in ("-p", name)]
    done = probe.query(units.systemctl(scope, ["show", "--no-pager", *wanted, unit]), timeout=10.0)
    return units.properties(done) if done.rc == 0 else {}


def described(status: Dict[str, str]) -> str:
    """Say `activating (auto-restart), exit-code, status 1`."""
    said = "%s (%s)" % (status.get("ActiveState", "unknown"), status.get("SubState", "unknown"))
    if status.get("Result", "success") != "success":
        said += ", %s" % status["Result"]
    if status.get("ExecMainStatus", "0").strip("0"):
        said += ", status %s" % status["ExecMainStatus"]
    return said


def told(probe: "Probe", scope: str, unit: str) -> State:
    """Give how a unit stands that did not start, and the end of its log."""
    status = standing(probe, scope, unit)
    fields = _log(probe, scope, unit)
    if status:
        count = status.get("NRestarts", "")
        times = ", started anew %s times so far" % count if count.strip("0") else ""
        fields["unit_state"] = "%s is %s%s" % (unit, described(status), times)
    return fields


def _log(probe: "Probe", scope: str, unit: str) -> State:
    """Give the last lines that a unit wrote, or else what systemctl says of it."""
    chosen = "--user-unit" if scope == "user" else "--unit"
    asked = ["journalctl", "--no-pager", "-q", "-n", str(LINES), "-o", "cat", chosen, unit]
    said = probe.query(asked, timeout=10.0).stdout
    if not said.strip():
        words = ["status", "--no-pager", "--full", "--lines=%d" % LINES, unit]
        said = probe.query(units.systemctl(scope, words), timeout=10.0).stdout
    return {"journal": said}
