"""Whether a plan was exact: what it said would change beside what apply changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kplay.rehearsal.joined import Joined, changed, is_open, join
from kplay.rehearsal.model import Finding
from kplay.report.entries import grouped
from kplay.report.failure import title

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kplay.plan.model import PlanData
    from kplay.walk.events import Place, StepEnded


@dataclass(frozen=True, slots=True)
class Exactness:
    """Counts of steps; a loop counts by its items."""

    planned: int
    """Changes that the plan was sure of."""
    uncertain: int
    """Steps of which the plan said that only the run can tell."""
    made: int
    """Changes that apply made."""
    as_planned: int
    """Of those made, the ones that the plan was sure of, with the same action."""
    settled: int
    """Of those made, the ones that the plan was not sure of."""
    differences: list[Finding] = field(default_factory=list)
    """Changes that no plan announced, and announced ones that apply found nothing to do for."""
    whole: bool = True
    """Whether apply came to its end."""

    @property
    def exact(self) -> bool:
        """Whether apply did what the plan said, and nothing else."""
        return not self.differences


def compare(planned: PlanData, applied: Sequence[StepEnded], *, whole: bool = True) -> Exactness:
    """Lay a plan beside the steps of the apply that followed it.

    ``Joined.verdict`` is the rule: a step that failed is no difference, nor is a command that was
    planned as ``run`` and whose author then said that it changed nothing.

    Args:
        planned: the plan.
        applied: the steps of the apply.
        whole: the apply came to its end, so that a step which it never reached is a difference.
    """
    joined = join(planned.changes, applied)
    made = [one for one in joined if one.ended is not None and changed(one.ended)]
    off = ("wrong", "unreached") if whole else ("wrong",)
    uncertain = sum(map(is_open, planned.changes))
    return Exactness(
        planned=len(planned.changes) - uncertain,
        uncertain=uncertain,
        made=len(made),
        as_planned=sum(one.verdict == "exact" for one in made),
        settled=sum(one.verdict == "open" for one in made),
        differences=_gathered(_difference(one) for one in joined if one.verdict in off),
        whole=whole,
    )


def leftovers(plan: PlanData, *, unsure: bool = True) -> list[Finding]:
    """What a plan that should be empty holds, the same change on many hosts once.

    Args:
        plan: the plan.
        unsure: count steps that may change something, too.
    """
    found = []
    for entry in grouped(plan):
        step, hosts = entry.step, entry.hosts
        if is_open(step):
            if not unsure:
                continue
            because = f": {step.causes[0]}" if step.causes else ""
            message = f"may {'run' if step.action == 'unknown' else step.action} again{because}"
        else:
            message = f"would {step.action} again"
        place = step.place
        found.append(Finding(message, place.file, place.line, title(place), tuple(hosts)))
    return found


def changed_again(steps: Iterable[StepEnded]) -> list[Finding]:
    """What a second apply changed."""
    again = (one for one in steps if changed(one) and not one.loop)
    return _gathered((one.place, f"{_word(one)} again") for one in again)


def failures(steps: Iterable[StepEnded]) -> list[Finding]:
    """The steps that failed, or whose host was lost in them."""
    broken = (one for one in steps if one.status in ("failed", "unreachable") and not one.loop)
    return _gathered((one.place, _told(one)) for one in broken)


def _told(step: StepEnded) -> str:
    """In one line what a failed step says: a program's last words tell more than its status."""
    said = str(step.result.get("censored") or step.result.get("msg") or step.status).strip()
    words = str(step.result.get("stderr") or "").strip().splitlines()
    return said.partition("\n")[0] + (f": {words[-1]}" if words else "")


def _difference(one: Joined) -> tuple[Place, str]:
    """Where it is, and in words what was planned and what came of it."""
    if one.ended is None or not changed(one.ended):
        return one.place, f"planned to {one.foretold}, and nothing was changed"
    did = _word(one.ended)
    if one.planned is None:
        return one.place, f"{did} without having been planned"
    return one.place, f"planned to {one.foretold}, {did}"


_DID = {"create": "created", "update": "updated", "remove": "removed", "run": "ran"}


def _word(step: StepEnded) -> str:
    return _DID.get(step.action, "changed")


def _gathered(found: Iterable[tuple[Place, str]]) -> list[Finding]:
    """Findings with the hosts of equal ones together, in the order found."""
    table: dict[tuple[str, str, int, str], list[str]] = {}
    for place, message in found:
        key = (message, place.file, place.line, title(place))
        table.setdefault(key, []).append(place.host)
    return [Finding(*key, tuple(hosts)) for key, hosts in table.items()]
