"""How a task is to run on a host: become, environment, no_log, delegation, retries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kplay.actions.values import truthy
from kplay.diagnostics import Diagnostic
from kplay.errors import InputError, KplayError
from kplay.playbook.model import effective, gathered
from kplay.resolve.unknown import Unknown, causes_in

if TYPE_CHECKING:
    from kplay.playbook.model import Node, Play
    from kplay.resolve.scope import Scope
    from kplay.source import Sourced


@dataclass(frozen=True, slots=True)
class BecomeDefaults:
    """What the command line says of become."""

    become: bool = False
    user: str = ""
    method: str = ""
    password: str = ""


@dataclass(slots=True)
class Settings:
    """The evaluated keywords of one task on one host."""

    become: dict[str, Any] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    no_log: bool = False
    ignore_errors: bool = False
    ignore_unreachable: bool = False
    check_mode: bool | None = None
    diff: bool | None = None
    delegate_to: str = ""
    delegate_facts: bool = False
    retries: int = 0
    delay: float = 5.0
    timeout: int = 0
    job: int = 0
    """Seconds that it may take by itself, where nobody waits for it (``poll: 0``)."""
    waited: bool = False
    """Whether it is asynchronous and waited for."""
    causes: tuple[str, ...] = ()
    """Why some of these are not known yet."""


def settings_of(play: Play, node: Node, scope: Scope, defaults: BecomeDefaults) -> Settings:
    """Evaluate every keyword that says how to run.

    Raises:
        InputError: a value of the wrong type, at its span.
    """
    reader = _Reader(play, node, scope)
    settings = Settings(
        environment=reader.environment(),
        no_log=reader.boolean("no_log", default=False),
        ignore_errors=reader.boolean("ignore_errors", default=False),
        ignore_unreachable=reader.boolean("ignore_unreachable", default=False),
        check_mode=reader.maybe("check_mode"),
        diff=reader.maybe("diff"),
        delegate_to=str(reader.value("delegate_to") or ""),
        delegate_facts=reader.boolean("delegate_facts", default=False),
        retries=int(reader.number("retries", 3.0)) if "until" in node.keywords else 0,
        delay=reader.number("delay", 5.0),
        timeout=int(reader.number("timeout", 0.0)),
    )
    limit = int(reader.number("async", 0.0))
    if limit > 0:
        settings.waited = int(reader.number("poll", 15.0)) > 0
        if settings.waited:
            settings.timeout = min(limit, settings.timeout or limit)
        elif not settings.check_mode:
            settings.job = limit
    if "retries" in node.keywords and "until" not in node.keywords:
        settings.retries = int(reader.number("retries", 0.0))
    settings.become = reader.become(defaults)
    settings.causes = tuple(dict.fromkeys(reader.causes))
    return settings


class _Reader:
    def __init__(self, play: Play, node: Node, scope: Scope) -> None:
        self.play, self.node, self.scope = play, node, scope
        self.causes: list[str] = []

    def value(self, keyword: str) -> Any:
        given = effective(self.play, self.node, keyword)
        if given is None:
            return None
        value = self.scope.template(given)
        causes = causes_in(value)
        self.causes += causes
        return None if causes else value

    def boolean(self, keyword: str, *, default: bool) -> bool:
        value = self.value(keyword)
        return default if value is None else truthy(value)

    def maybe(self, keyword: str) -> bool | None:
        value = self.value(keyword)
        return None if value is None else truthy(value)

    def number(self, keyword: str, default: float) -> float:
        value = self.value(keyword)
        if value is None:
            return default
        try:
            return float(value)
        except (TypeError, ValueError) as error:
            given = effective(self.play, self.node, keyword)
            raise _wrong(keyword, value, "a number", given) from error

    def environment(self) -> dict[str, str]:
        merged: dict[str, str] = {}
        for given in gathered(self.play, self.node, "environment"):
            value = self.scope.template(given)
            causes = causes_in(value)
            self.causes += causes
            if causes:
                continue
            for part in value if isinstance(value, list) else [value]:
                if part in (None, ""):
                    continue
                if not isinstance(part, dict):
                    raise _wrong("environment", part, "a mapping", given)
                merged.update({str(key): str(text) for key, text in part.items()})
        return merged

    def variable(self, name: str) -> Any:
        if name not in self.scope:
            return None
        value = self.scope[name]
        return None if isinstance(value, Unknown) else value

    def become(self, defaults: BecomeDefaults) -> dict[str, Any] | None:
        wanted = self.maybe("become")
        chosen = defaults.become if wanted is None else wanted
        override = self.variable("ansible_become")
        if override is not None:
            chosen = truthy(override)
        if not chosen:
            return None
        method = str(
            self.variable("ansible_become_method")
            or self.value("become_method") or defaults.method or "sudo"
        )  # fmt: skip
        password = (
            self.variable("ansible_become_password") or self.variable("ansible_become_pass")
            or self.variable(f"ansible_{method}_pass") or defaults.password
        )  # fmt: skip
        user = self.variable("ansible_become_user") or self.value("become_user") or defaults.user
        program = (
            self.variable("ansible_become_exe") or self.variable(f"ansible_{method}_exe")
            or self.value("become_exe")
        )  # fmt: skip
        flags = self.variable("ansible_become_flags") or self.value("become_flags")
        return {
            "user": str(user or "root"),
            "method": method.rpartition(".")[2],
            "flags": str(flags or ""),
            "exe": str(program or ""),
            "password": str(password or ""),
        }


def flag(keyword: str, play: Play, node: Node, scope: Scope) -> bool:
    """A keyword of a task that says yes or no, where a value that cannot be told is no."""
    given = effective(play, node, keyword)
    try:
        value = False if given is None else scope.template(given)
    except KplayError:
        return False
    return not isinstance(value, Unknown) and truthy(value)


def hidden(play: Play, node: Node, scope: Scope) -> bool:
    """Whether ``no_log`` is given; where its value cannot be told, it is taken as given."""
    given = effective(play, node, "no_log")
    try:
        value = False if given is None else scope.template(given)
    except KplayError:
        return True
    return isinstance(value, Unknown) or truthy(value)


def play_flag(keyword: str, play: Play, scope: Scope) -> bool:
    """A keyword of the play alone that says yes or no."""
    given = play.keywords.get(keyword)
    return given is not None and truthy(scope.template(given))


def play_number(keyword: str, play: Play, scope: Scope) -> float | None:
    """A keyword of the play alone that takes a number, with or without a percent sign.

    Raises:
        InputError: it is no number, at its span.
    """
    given = play.keywords.get(keyword)
    if given is None:
        return None
    value = scope.template(given)
    try:
        return float(str(value).strip().removesuffix("%"))
    except ValueError as error:
        raise _wrong(keyword, value, "a number", given) from error


def whole_number(keyword: str, value: object, given: Sourced) -> int:
    """The value of a keyword that takes a whole number; raises InputError at its span."""
    try:
        return int(str(value))
    except ValueError as error:
        raise _wrong(keyword, value, "a whole number", given) from error


def _wrong(keyword: str, value: object, wanted: str, given: Sourced | None) -> InputError:
    span = given.span if given is not None else None
    return InputError(Diagnostic("bad-value", f"`{keyword}` is {value!r}, not {wanted}", span))
