"""The component list rancher.yml: what playbooks ask for is offered, and its sources are there."""

from __future__ import annotations

import pytest

from kplay.bundle.components import HERE, load_list
from kplay.bundle.orders import Want, orders_of, resolve
from kplay.source import Span

SPAN = Span("playbooks/rancher.yml", 1, 1, 1, 2)


@pytest.fixture(scope="module")
def listed():
    return load_list(HERE / "rancher.yml")


def want(name: str, version: str = "") -> Want:
    return Want(name, version, "a task", SPAN, 1)


def test_it_offers_what_the_playbooks_take(listed):
    wants = [
        want("helm", "v3.22.0"),
        want("cert-manager-chart", "v1.21.2"),
        want("cert-manager-images"),
        want("rancher-chart", "2.15.0"),
    ]
    (order,) = orders_of(resolve(wants, [listed]), [listed], by_path=False)
    assert order.parts == {"helm", "cert-manager-chart", "images/cert-manager-images.tar"}
    assert [(one.name, one.version) for one in order.fetches] == [("rancher-chart", "2.15.0")]


def test_its_own_sources_are_there_and_named_for_their_packages(listed):
    program = next(one for one in listed.programs if one.name == "cert-manager")
    for inside, ours in program.add.items():
        files = sorted((listed.root / ours).glob("*.go"))
        assert files, ours
        package = "main" if inside.startswith("cmd/") else inside.rpartition("/")[2]
        for file in files:
            assert f"\npackage {package}\n" in "\n" + file.read_text(encoding="utf-8")


def test_the_images_are_one_program_under_the_names_that_it_goes_by(listed):
    main = (listed.root / "rancher/cert-manager/main.go").read_text(encoding="utf-8")
    for image in listed.images:
        (entry,) = image.entrypoint
        assert f'"{entry.lstrip("/")}":' in main
        assert image.links[entry.lstrip("/")] == "cert-manager"
        assert image.archive == "cert-manager-images"
