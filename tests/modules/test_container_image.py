from typing import Any

import pytest

from kplay.modules.api import ModuleFailure, compare
from kplay.modules.container_image import module
from kplay.testing.host import FakeHost

HEAD = "REF TYPE DIGEST SIZE PLATFORMS LABELS\n"
ONE = "sha256:" + "1" * 64
TWO = "sha256:" + "2" * 64
NAME = "kplay.local/pause:3.10"


def line(name: str, digest: str = ONE) -> str:
    return f"{name} application/vnd.oci.image.index.v1+json {digest} 1.2 MiB linux/amd64 -\n"


def store(*held: str, after: tuple[str, ...] = ()) -> FakeHost:
    """A containerd that holds some images, and others once one is imported."""
    host = FakeHost(files={"/srv/pause.tar": ""})
    images = list(held)

    def imported(host: FakeHost, argv: Any) -> str:
        images.extend(after)
        return "unpacking\n"

    def listed(host: FakeHost, argv: Any) -> str:
        only = argv[5].partition("==")[2] if len(argv) > 5 else ""
        return HEAD + "".join(i for i in images if not only or i.split()[0] == only)

    host.when("ctr -n k8s.io images ls", does=listed)
    host.when("ctr -n k8s.io images import", does=imported)
    return host.when("ctr -n k8s.io images tag").when("ctr -n k8s.io images rm")


def through(host: FakeHost, **args: Any) -> tuple[str, dict[str, Any]]:
    given = {name: arg.default for name, arg in module.args.items()} | args
    found = module.observe(host, given)
    wanted = module.desire(given, found)
    action = compare(module, found, wanted).action
    if action == "none":
        return action, {}
    assert module.apply is not None
    return action, dict(module.apply(host, given, found, wanted))


def ran(host: FakeHost) -> list[str]:
    return [" ".join(run.argv[3:]) for run in host.runs if run.argv[4] != "ls"]


@pytest.mark.parametrize("digest", [None, ONE])
def test_an_image_that_is_there_is_left(digest: str | None) -> None:
    host = store(line(NAME))
    assert through(host, name=NAME, src="/srv/pause.tar", digest=digest)[0] == "none"
    assert host.runs == []


def test_an_image_is_imported() -> None:
    host = store(after=(line(NAME),))
    action, fields = through(host, name=NAME, src="/srv/pause.tar")
    assert action == "create"
    assert ran(host) == ["images import /srv/pause.tar"]
    assert fields["digest"] == ONE


def test_another_digest_is_imported_over() -> None:
    host = store(line(NAME, TWO), after=(line(NAME),))
    assert through(host, name=NAME, src="/srv/pause.tar", digest=ONE)[0] == "update"


def test_an_image_of_another_name_is_named_by_its_digest() -> None:
    host = store(after=(line("other:1"), line("more:1", TWO)))
    through(host, name=NAME, src="/srv/pause.tar", digest=TWO)
    assert ran(host)[1] == f"images tag more:1 {NAME}"


def test_the_only_image_of_a_file_takes_the_name() -> None:
    host = store(line("old:1"), after=(line("other:1"),))
    through(host, name=NAME, src="/srv/pause.tar")
    assert ran(host)[1] == f"images tag other:1 {NAME}"


@pytest.mark.parametrize("after", [(), (line("a:1"), line("b:1"))])
def test_a_file_that_does_not_hold_the_image_is_refused(after: tuple[str, ...]) -> None:
    with pytest.raises(ModuleFailure, match="does not hold kplay"):
        through(store(after=after), name=NAME, src="/srv/pause.tar")


def test_unpacking_can_be_left_for_later() -> None:
    host = store(after=(line(NAME),))
    through(host, name=NAME, src="/srv/pause.tar", unpack=False)
    assert ran(host) == ["images import --no-unpack /srv/pause.tar"]


def test_an_image_is_removed() -> None:
    host = store(line(NAME))
    assert through(host, name=NAME, state="absent")[0] == "remove"
    assert ran(host) == [f"images rm {NAME}"]
    assert through(store(), name=NAME, state="absent")[0] == "none"


def test_another_containerd() -> None:
    prefix = "/opt/bin/ctr -n moby -a /run/x.sock"
    host = FakeHost().when(f"{prefix} images ls", stdout=HEAD + line(NAME))
    args = {"ctr": "/opt/bin/ctr", "namespace": "moby", "socket": "/run/x.sock"}
    assert through(host, name=NAME, **args)[0] == "none"


def test_a_containerd_that_does_not_answer_fails_a_run_and_not_a_plan() -> None:
    host = FakeHost().when("ctr", rc=1, stderr="cannot connect\n")
    with pytest.raises(ModuleFailure, match="containerd does not answer: cannot connect"):
        through(host, name=NAME)
    host.scratch = lambda: True  # type: ignore[method-assign]
    args = {"name": NAME, "src": "/srv/pause.tar"}
    found = module.observe(host, args)
    assert compare(module, found, module.desire(args, found)).action == "create"


def test_what_is_foreseen_is_not_planned_again() -> None:
    assert module.foresee is not None
    args = {"name": NAME, "digest": ONE}
    (effect,) = module.foresee(args, {}, {"state": "present", "digest": ONE})
    host = FakeHost()
    host.effects[effect.kind, effect.key] = effect.value
    assert through(host, **args)[0] == "none"


@pytest.mark.parametrize(
    ("args", "message"),
    [({}, "needs src"), ({"src": "/nope"}, "no image file /nope")],
)
def test_a_missing_file_is_refused(args: dict[str, Any], message: str) -> None:
    with pytest.raises(ModuleFailure, match=message):
        through(store(), name=NAME, **args)


def test_a_failing_import_says_why() -> None:
    host = store().when("ctr -n k8s.io images import", rc=1, stderr="no space left\n")
    with pytest.raises(ModuleFailure, match="ctr images import failed: no space left"):
        through(host, name=NAME, src="/srv/pause.tar")


def test_one_archive_brings_several_images() -> None:
    other = "kplay.local/other:1"
    host = store(line(NAME), after=(line(other),))
    action, _ = through(host, name=NAME, also=[other], src="/srv/pause.tar")
    assert action == "update"
    assert ran(host)[0].startswith("images import")
    assert through(host, name=NAME, also=[other], src="/srv/pause.tar")[0] == "none"


def test_a_containerd_that_has_run_and_does_not_answer_may_hold_the_image() -> None:
    from kplay.agent.host import UnknownValue
    from kplay.modules.container_image import STORE

    host = FakeHost().when("ctr", rc=1, stderr="cannot dial")
    host.scratch = lambda: True  # type: ignore[method-assign]
    args = {"name": "r/x:1"}
    assert module.observe(host, args)["state"] == "absent"
    host.add_file(STORE)
    with pytest.raises(UnknownValue, match="does not answer"):
        module.observe(host, args)
