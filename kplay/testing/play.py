"""Running one module on a host as the agent does, and planning one without a write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kplay.agent.host import Probe, UnknownValue
from kplay.modules import schema
from kplay.modules.api import ModuleFailure, compare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kplay.modules.api import Args, Module, State
    from kplay.testing.host import FakeHost

READS = tuple(name for name in vars(Probe) if not name.startswith("_"))


@dataclass(slots=True)
class Result:
    """What became of a module: the fields of the agent's result."""

    action: str
    changed: bool = False
    failed: bool = False
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    effects: list[tuple[str, str, Any]] = field(default_factory=list)
    known: bool = True
    unknown: str = ""

    def __getitem__(self, name: str) -> Any:
        """A return field of the module."""
        return self.fields[name]

    @property
    def msg(self) -> str:
        """The module's message, or what is unknown, or nothing."""
        return str(self.fields.get("msg") or self.unknown)


class WroteWhilePlanning(AssertionError):  # noqa: N818 - it is what happened
    """A plan changed the host, or asked it for what only an apply may."""


class ReadOnly(Probe):
    """A host with the reading half of its methods and no other."""

    def __init__(self, host: FakeHost) -> None:
        """Stand before a host."""
        self._host = host

    def __getattribute__(self, name: str) -> Any:
        if name in ("scratch", "content", "_host", "__class__", "__init__"):
            return object.__getattribute__(self, name)
        if name not in READS:
            raise WroteWhilePlanning(f"a plan asked the host to {name}")
        return getattr(self._host, name)

    def scratch(self) -> bool:  # noqa: D102
        return True

    def content(self, value: Any) -> bytes:  # noqa: D102
        if isinstance(value, str):
            return value.encode()
        raise WroteWhilePlanning("a plan fetched a blob: compare content_digest() instead")


def checked(module: Module, args: Mapping[str, Any]) -> Args:
    """The arguments as the module receives them.

    Raises:
        AssertionError: they are not valid.
    """
    normal, faults = schema.normalise(module, dict(args), deferred=schema.unknown)
    if faults:
        raise AssertionError("; ".join(fault.message for fault in faults))
    return normal


def plan(module: Module, args: Mapping[str, Any], host: FakeHost) -> Result:
    """Plan a module, and prove that nothing was written.

    Raises:
        WroteWhilePlanning: the module tried to write, or something changed.
    """
    before, written = host.state(), list(host.writes)
    result = _decide(module, checked(module, args), ReadOnly(host))
    if host.state() != before or host.writes != written:
        raise WroteWhilePlanning("the host is not as it was before the plan")
    return result


def play(module: Module, args: Mapping[str, Any], host: FakeHost) -> Result:
    """Observe, desire, compare, apply and verify, on a host that may be changed."""
    normal = checked(module, args)
    try:
        found = module.observe(host, normal)
        wanted = module.desire(normal, found)
        change = compare(module, found, wanted)
        waits = module.kind == "wait" and bool(wanted)
        if (change.action == "none" and not waits) or module.apply is None:
            fields = _result(module, normal, found, wanted, False)
            return Result("none", before={}, after={}, fields=fields)
        returned = module.apply(host, normal, found, wanted)
    except ModuleFailure as failure:
        return _failure(failure)
    fields = {**_result(module, normal, found, wanted, True), **returned}
    changed = fields.pop("changed", change.counts(module))
    result = Result(change.action, bool(changed), False, change.before, change.after, fields)
    _verify(module, normal, host, wanted, result)
    return result


def _verify(module: Module, args: Args, host: FakeHost, wanted: State, result: Result) -> None:
    if not module.verify:
        return
    again = module.observe(host, args)
    wrong = [
        f"{name} is {again.get(name)!r}, not {wanted[name]!r}"
        for name in module.verify
        if name in wanted and again.get(name) != wanted[name]
    ]
    if wrong:
        result.failed = True
        result.fields["msg"] = "after applying, " + "; ".join(wrong)


def _decide(module: Module, args: Args, probe: Probe) -> Result:
    try:
        found = module.observe(probe, args)
        wanted = module.desire(args, found)
        change = compare(module, found, wanted)
        if change.action == "update" and schema.unknown([change.before, change.after]):
            change = change._replace(action="unknown")
        changed = change.counts(module)
        waits = module.kind == "wait" and bool(wanted)
        fields = _result(module, args, found, wanted, changed)
        does = compare(module, found, wanted).action != "none"
        told = does or waits
        effects = module.foresee(args, found, wanted) if module.foresee and told else []
    except UnknownValue as unknown:
        return Result("unknown", unknown=unknown.what, known=False)
    except ModuleFailure as failure:
        return _failure(failure)
    return Result(
        "unknown" if waits else change.action,
        changed,
        before=change.before,
        after=change.after,
        fields=fields,
        effects=[(one.kind, one.key, one.value) for one in effects],
        known=(not changed or module.complete) and change.action != "unknown",
    )


def _result(module: Module, args: Args, found: State, wanted: State, changed: bool) -> State:
    return dict(module.result(args, found, wanted, changed)) if module.result else {}


def _failure(failure: ModuleFailure) -> Result:
    return Result("none", failed=True, fields={"msg": failure.msg, **failure.fields})
