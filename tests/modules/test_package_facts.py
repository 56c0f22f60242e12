from typing import Any

import pytest

from kplay.modules.api import ModuleFailure
from kplay.modules.package_facts import module
from kplay.testing.host import FakeHost

DPKG = "installed\tbash\t5.2\tamd64\tshells\nconfig-files\told\t1\tamd64\tx\n"
RPM = "bash\t5.1\t9.el9\t(none)\tx86_64\nkernel\t5.14\t1.el9\t2\tx86_64\nkernel\t5.14\t2\t2\tx\n"


def packages(host: FakeHost, **args: Any) -> dict[str, Any]:
    return dict(module.observe(host, args)["ansible_facts"]["packages"])


def test_dpkg() -> None:
    assert packages(FakeHost().when("dpkg-query", stdout=DPKG)) == {
        "bash": [
            {
                "name": "bash",
                "version": "5.2",
                "arch": "amd64",
                "category": "shells",
                "origin": "",
                "source": "apt",
            }
        ]
    }


def test_rpm() -> None:
    found = packages(FakeHost().when("rpm", stdout=RPM))
    assert found["bash"][0]["epoch"] == ""
    assert [one["release"] for one in found["kernel"]] == ["1.el9", "2"]


def test_the_first_manager_or_all() -> None:
    host = FakeHost().when("rpm", stdout=RPM).when("dpkg-query", stdout=DPKG)
    assert list(packages(host)) == ["bash"]
    assert "kernel" in packages(host, strategy="all")
    assert "kernel" in packages(host, manager=["rpm"])


def test_a_host_with_neither() -> None:
    with pytest.raises(ModuleFailure, match="Could not detect"):
        packages(FakeHost())


def test_a_plan_gives_packages_as_they_will_be() -> None:
    host = FakeHost().when("dpkg-query", stdout=DPKG)
    host.scratch = lambda: True  # type: ignore[method-assign]
    host.effects["package", "bash"] = {"state": "absent", "version": None}
    host.effects["package", "chrony"] = {"state": "present", "version": "4.3"}
    found = packages(host)
    assert list(found) == ["chrony"]
    assert found["chrony"][0]["version"] == "4.3"
