import pytest

from kplay.modules.api import ModuleFailure
from kplay.modules.package import module
from kplay.testing.host import FakeHost

INSTALLED = "curl\t7.88\tinstall\tinstalled\tamd64\n"


def test_an_installed_package_is_left() -> None:
    host = FakeHost().when("apt-get").when("dpkg-query", stdout=INSTALLED)
    args = {"name": ["curl"], "state": "present"}
    found = module.observe(host, args)
    wanted = module.desire(args, found)
    assert {key: found[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    ("host", "use", "message"),
    [
        (FakeHost().when("apt-get"), "dnf", "dnf is not supported"),
        (FakeHost(), "auto", "apt-get was looked for"),
    ],
)
def test_another_package_manager_is_refused(host: FakeHost, use: str, message: str) -> None:
    with pytest.raises(ModuleFailure, match=message):
        module.observe(host, {"name": ["curl"], "use": use})
