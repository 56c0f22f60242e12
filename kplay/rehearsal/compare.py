"""Whether a plan was exact: what it said would change beside what apply changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kplay.rehearsal.model import Finding
from kplay.report.entries import grouped
from kplay.report.failure import title

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kplay.plan.model import PlanData
    from kplay.walk.events import StepEnded


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

    A step that failed is no difference, nor is a command that was planned as ``run`` and whose
    author then said that it changed nothing.

    Args:
        planned: the plan.
        applied: the steps of the apply.
        whole: the apply came to its end, so that a step which it never reached is a difference.
    """
    wanted = {one.place.step: one for one in planned.changes}
    unsure = {key for key, one in wanted.items() if _is_unsure(one)}
    sure = wanted.keys() - unsure
    ended = {one.place.step: one for one in applied if not one.loop}
    made = {key: one for key, one in ended.items() if one.status == "changed"}
    exact = {key for key in made.keys() & sure if made[key].action == wanted[key].action}
    settled = {key for key in made.keys() - sure if _covered(key, unsure)}
    differences = [
        (one, f"{_word(one)} without having been planned")
        for key, one in made.items()
        if key not in sure and key not in settled
    ]
    differences += [
        (made[key], f"planned to {wanted[key].action}, {_word(made[key])}")
        for key in (made.keys() & sure) - exact
    ]
    differences += [
        (one, f"planned to {one.action}, and nothing was changed")
        for key, one in wanted.items()
        if key in sure and _found_nothing(one, ended.get(key), whole=whole)
    ]
    return Exactness(
        planned=len(sure),
        uncertain=len(unsure),
        made=len(made),
        as_planned=len(exact),
        settled=len(settled),
        differences=_gathered(differences),
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
        if _is_unsure(step):
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
    return _gathered(
        [(one, f"{_word(one)} again") for one in steps if one.status == "changed" and not one.loop]
    )


def failures(steps: Iterable[StepEnded]) -> list[Finding]:
    """The steps that failed, or whose host was lost in them."""
    return _gathered(
        [
            (one, _told(one))
            for one in steps
            if one.status in ("failed", "unreachable") and not one.loop
        ]
    )


def _told(step: StepEnded) -> str:
    """In one line what a failed step says: a program's last words tell more than its status."""
    said = str(step.result.get("censored") or step.result.get("msg") or step.status).strip()
    words = str(step.result.get("stderr") or "").strip().splitlines()
    return said.partition("\n")[0] + (f": {words[-1]}" if words else "")


def _is_unsure(step: StepEnded) -> bool:
    return step.conditional or step.action == "unknown"


def _covered(key: str, unsure: set[str]) -> bool:
    """Whether the plan was unsure of a step, or of the include or loop that brought it."""
    vertex, _, rest = key.partition("@")
    host = rest.partition("#")[0]
    if key in unsure or f"{vertex}@{host}" in unsure:
        return True
    parts = vertex.split(".")
    return any(f"{'.'.join(parts[:n])}@{host}" in unsure for n in range(1, len(parts)))


def _found_nothing(planned: StepEnded, ended: StepEnded | None, *, whole: bool) -> bool:
    if ended is None:
        return whole
    return ended.status == "skipped" or (ended.status == "ok" and planned.action != "run")


_DID = {"create": "created", "update": "updated", "remove": "removed", "run": "ran"}


def _word(step: StepEnded) -> str:
    return _DID.get(step.action, "changed")


def _gathered(found: Iterable[tuple[StepEnded, str]]) -> list[Finding]:
    """Findings with the hosts of equal ones together, in the order found."""
    table: dict[tuple[str, str, int, str], list[str]] = {}
    for step, message in found:
        place = step.place
        key = (message, place.file, place.line, title(place))
        table.setdefault(key, []).append(place.host)
    return [Finding(*key, tuple(hosts)) for key, hosts in table.items()]
