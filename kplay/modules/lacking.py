"""Something that a module needs is not on the host."""

from typing import TYPE_CHECKING, Any

from kplay.agent.host import UnknownValue
from kplay.modules.api import ModuleFailure

if TYPE_CHECKING:
    from kplay.agent.host import Probe


def lacking(probe: "Probe", what: str, msg: str, **fields: Any) -> Exception:
    """The exception to raise for it.

    In a plan an earlier step may still bring what is missing, in ways that nobody foresees (a
    package's files, a program that the playbook runs), so there it is unknown and no failure;
    where no earlier step changes the host, it is the failure.

    Args:
        probe: of the host.
        what: the missing thing, as in "no {what} on the host yet".
        msg: the failure outside of a plan.
        fields: further return fields of the failure.
    """
    if probe.scratch():
        return UnknownValue(f"no {what} on the host yet", dict(fields, msg=msg))
    return ModuleFailure(msg, **fields)
