import pytest

from kplay.agent.host import UnknownValue
from kplay.modules.api import Effect, ModuleFailure, compare
from kplay.modules.dpkg_selections import module
from kplay.testing.host import FakeHost

ARGS = {"name": "kubelet", "selection": "hold"}


def with_kubelet(want: str) -> FakeHost:
    line = f"kubelet\t1.36.0-1.1\t{want}\tinstalled\tamd64\n"
    return FakeHost().when("dpkg-query", stdout=line).when("dpkg --set-selections")


def test_holds_a_package() -> None:
    host = with_kubelet("install")
    found = module.observe(host, ARGS)
    wanted = module.desire(ARGS, found)
    assert compare(module, found, wanted).action == "update"
    assert module.apply is not None
    module.apply(host, ARGS, found, wanted)
    assert host.runs[0].stdin == "kubelet hold\n"
    assert module.result is not None
    assert module.result(ARGS, found, wanted, True) == {"before": "install", "after": "hold"}


def test_a_held_package_is_left() -> None:
    found = module.observe(with_kubelet("hold"), ARGS)
    assert compare(module, found, module.desire(ARGS, found)).action == "none"


def test_a_package_that_dpkg_does_not_know_fails() -> None:
    message = "Failed to find package 'kubelet' to perform selection 'hold'."
    with pytest.raises(ModuleFailure, match=message):
        module.observe(FakeHost().when("dpkg-query", rc=1), ARGS)


def test_a_planned_package_is_planned_to_be_held() -> None:
    host = FakeHost().when("dpkg-query", rc=1)
    host.scratch = lambda: True  # type: ignore[method-assign]
    with pytest.raises(UnknownValue):
        module.observe(host, ARGS)
    host.effects["package", "kubelet"] = {"state": "present", "version": "1.36.0-1.1"}
    found = module.observe(host, ARGS)
    assert found["selection"] == "install"
    assert module.foresee is not None
    effects = module.foresee(ARGS, found, module.desire(ARGS, found))
    held = {"state": "present", "version": "1.36.0-1.1", "selection": "hold"}
    assert effects == [Effect("package", "kubelet", held)]
    host.effects["package", "kubelet"] = held
    assert module.observe(host, ARGS)["selection"] == "hold"


def test_a_refusal_of_dpkg_fails() -> None:
    host = with_kubelet("install").when("dpkg --set-selections", rc=2, stderr="read-only\n")
    assert module.apply is not None
    with pytest.raises(ModuleFailure, match="dpkg --set-selections failed: read-only"):
        module.apply(host, ARGS, {}, {"selection": "hold"})
