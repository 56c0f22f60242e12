from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.resolve.filters import FILTERS
from kplay.resolve.filters.registry import PASSING
from kplay.resolve.jinja_tests import TESTS
from kplay.resolve.unknown import PartialResult, Unknown, UnknownReached, causes_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.resolve.scope import Scope
    from kplay.resolve.variables import VariableStore


@pytest.fixture
def scope(scope_of: Callable[..., Scope], store: VariableStore) -> Scope:
    store.register("web1", "u", Unknown("step 1"))
    store.register("web1", "v", Unknown("step 2"))
    store.register("web1", "part", PartialResult({"changed": True, "failed": False}, "step 3"))
    return scope_of("via: 'x {{ u }}'\nbox: {a: '{{ u }}', b: 2}\n")


UNKNOWN = [
    ("{{ u }}", ("step 1",)),
    ("{{ via }}", ("step 1",)),
    ("{{ u }} {{ v }}", ("step 1",)),
    ("{{ u.a.b['c'] | int + 1 }}", ("step 1",)),
    ("{{ 'x' if u else 'y' }}", ("step 1",)),
    ("{{ [u, v] | join(',') }}", ("step 1", "step 2")),
    ("{{ ','.join([u]) }}", ("step 1",)),
    ("{{ u | default('x') }}", ("step 1",)),
    ("{{ u | default('x', true) }}", ("step 1",)),
    ("{{ u ~ 'x' }}", ("step 1",)),
    ("{{ u == 1 }}", ("step 1",)),
    ("{{ 'a' in u }}", ("step 1",)),
    ("{% for x in u %}{{ x }}{% endfor %}", ("step 1",)),
    ("{{ u is string }}", ("step 1",)),
    ("{{ u is failed }}", ("step 1",)),
    ("{{ [{'n': u}] | selectattr('n', 'eq', 1) | list }}", ("step 1",)),
    ("{{ part.stdout }}", ("step 3",)),
    ("{{ part.stdout | default('x') }}", ("step 3",)),
    ("{{ part['rc'] == 0 }}", ("step 3",)),
    ("{{ part | length }}", ("step 3",)),
    ("{{ part is skipped }}", ("step 3",)),
    ("{{ groups[u] }}", ("step 1",)),
    ("{{ lookup('env', u) }}", ("step 1",)),
    ("{{ box.a }}", ("step 1",)),
    ("{{ u() }}", ("step 1",)),
]


@pytest.mark.parametrize(("written", "causes"), UNKNOWN)
def test_is_unknown(scope: Scope, written: Any, causes: tuple[str, ...]) -> None:
    value = scope.template(written)
    assert isinstance(value, Unknown)
    assert value.causes == causes


KNOWN = [
    ("{{ u is defined }}", True),
    ("{{ u is undefined }}", False),
    ("{{ u.x is defined }}", True),
    ("{{ part is changed }} {{ part.changed }} {{ part is failed }}", "True True False"),
    ("{{ part is defined }}", True),
    ("{{ box.b }}", 2),
    ("{{ [1, u] | length }}", 2),
    ("{{ [u, 2] | last }}", 2),
    ("{{ ({'a': 1} | combine({'b': u})).a }}", 1),
    ("{{ [{'n': 1, 'm': u}, {'n': 2}] | selectattr('n', 'eq', 2) | list }}", [{"n": 2}]),
    (
        "{{ [part, {'changed': false}] | selectattr('changed') | map(attribute='failed') | list }}",
        [False],
    ),
    ("{{ 'a' if true else u }}", "a"),
    ("{{ true or u }}", True),
    ("{{ absent | default(1) }}", 1),
]


@pytest.mark.parametrize(("written", "value"), KNOWN)
def test_is_known(scope: Scope, written: Any, value: Any) -> None:
    assert scope.template(written) == value


def test_containers_keep_what_is_known(scope: Scope) -> None:
    value = scope.template({"a": "{{ u }}", "b": ["{{ v }}", 1]})
    assert value["b"][1] == 1
    assert causes_in(value) == ("step 1", "step 2")


CONDITIONS = [
    (["u", "false"], False),
    (["false", "u"], False),
    ("u is defined or false", True),
    ("false and u", False),
    ("part is changed", True),
]


@pytest.mark.parametrize(("condition", "value"), CONDITIONS)
def test_conditions_that_hold_or_not_whatever_comes(
    scope: Scope, condition: Any, value: Any
) -> None:
    assert scope.evaluate(condition) is value


def test_conditions_merge_causes(scope: Scope) -> None:
    value = scope.evaluate(["u", True, "v"])
    assert isinstance(value, Unknown)
    assert value.causes == ("step 1", "step 2")


@pytest.mark.parametrize("use", [bool, len, str, hash, iter, lambda one: one == 1])
def test_using_an_unknown_in_python_is_noticed(use: Callable[[Any], object]) -> None:
    with pytest.raises(UnknownReached, match="step 1"):
        use(Unknown("step 1"))


def test_a_partial_result_does_not_say_what_it_lacks() -> None:
    part = PartialResult({"rc": 0}, "step 3")
    assert part["rc"] == 0
    assert part.get("rc") == 0
    assert isinstance(part.get("stdout"), Unknown)
    for use in (len, list, lambda one: "stdout" in one, lambda one: one == {}):
        with pytest.raises(UnknownReached):
            use(part)


KNOWN_ANYWAY = {
    "vault",
    "unvault",
    "mandatory",
    "default",
    "d",
    "ternary",
    "undefined",
    "defined",
    "sameas",
}


def short(names: Any) -> list[str]:
    plain = {name for name in names if not name.startswith(("ansible.builtin.", "ansible.legacy."))}
    return sorted(plain - KNOWN_ANYWAY)


@pytest.mark.parametrize("name", short(FILTERS))
def test_every_filter_gives_an_unknown_for_an_unknown(scope: Scope, name: str) -> None:
    assert scope.template(f"{{{{ u | {name}(v) }}}}").causes == ("step 1", "step 2")
    if name not in PASSING:
        assert scope.template(f"{{{{ [u, v] | {name} }}}}").causes == ("step 1", "step 2")


@pytest.mark.parametrize("name", short(name for name in TESTS if name.isidentifier()))
def test_every_test_of_an_unknown_is_unknown(scope: Scope, name: str) -> None:
    assert scope.template(f"{{{{ u is {name} }}}}").causes == ("step 1",)
