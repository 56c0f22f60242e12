"""validate_argument_spec: a role's arguments, or any variables, against an argument spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.actions.api import Answer, Context, fault
from kplay.diagnostics import Diagnostic, to_json
from kplay.resolve.argument_specs import Wrong, check, secrets
from kplay.resolve.unknown import causes_in
from kplay.source import Sourced

if TYPE_CHECKING:
    from kplay.source import Span

_NAME = "validate_argument_spec"


def validate_argument_spec(context: Context) -> Answer:
    """Variables that the spec names, with ``provided_arguments`` over them; sets none of them."""
    spec = context.args.get("argument_spec")
    about = context.args.get("validate_args_context") or {}
    if causes_in(spec):
        return Answer({"changed": False, "msg": "not known yet"}, causes=causes_in(spec))
    if not isinstance(spec, dict):
        raise fault(
            context, "bad-value", "`argument_spec` is a mapping of options", "argument_spec"
        )
    _refuse_odd(context, spec)
    values = {name: context.scope[name] for name in spec if context.scope.defines(name)}
    values |= context.args.get("provided_arguments") or {}
    values = {name: context.scope.template(value) for name, value in values.items()}
    causes = causes_in(values)
    if causes:
        return Answer({"changed": False, "msg": "not known yet"}, causes=causes)
    context.secrets.update(secrets(spec, values))
    wrong = check(spec, values)
    if not wrong:
        result = {"changed": False, "msg": "The arg spec validation passed"}
        return Answer({**result, "validate_args_context": about})
    listed = [one.message for one in wrong]
    return Answer(
        {
            "changed": False,
            "failed": True,
            "msg": "Validation of arguments failed:\n" + "\n".join(listed),
            "argument_errors": listed,
            "argument_spec_data": spec,
            "validate_args_context": about,
            "diagnostics": [to_json(_pointed(context, one)) for one in wrong],
        }
    )


def _refuse_odd(context: Context, spec: dict[str, Any]) -> None:
    for name, one in spec.items():
        if not isinstance(one, dict):
            message = f"the option `{name}` of an argument spec is a mapping"
            raise fault(context, "bad-value", message, "argument_spec")
        if isinstance(one.get("options"), dict):
            _refuse_odd(context, one["options"])


def _pointed(context: Context, wrong: Wrong) -> Diagnostic:
    """The fault at the variable's place, with a note of the spec's."""
    place = _variable(context, wrong) or context.task.span
    stands = _option(context, wrong)
    notes = (f"the argument spec has it at {stands}",) if stands is not None else ()
    code = "bad-role-argument"
    return Diagnostic(code, wrong.message, place, notes=notes, secret=wrong.secret)


def _variable(context: Context, wrong: Wrong) -> Span | None:
    if not wrong.path:
        return None
    written = context.scope.written(wrong.path[0])
    return written.span if isinstance(written, Sourced) else None


def _option(context: Context, wrong: Wrong) -> Span | None:
    found = context.task.args.get("argument_spec")
    for name in wrong.path:
        inner = found.get(name) if found is not None else None
        if inner is None:
            break
        found = inner.get("options") or inner
    return found.key_span if found is not None else None
