import pytest

from kplay.modules.api import ModuleFailure
from kplay.modules.ping import module
from kplay.testing.host import FakeHost


def test_gives_back_what_was_sent() -> None:
    args = {"data": "hey"}
    assert module.result(args, module.observe(FakeHost(), args), {}, False) == {"ping": "hey"}


def test_crash_fails() -> None:
    with pytest.raises(ModuleFailure, match="boom"):
        module.observe(FakeHost(), {"data": "crash"})
