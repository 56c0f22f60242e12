from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kplay.bundle import programs
from kplay.bundle.components import Program
from kplay.bundle.model import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MODULE = Program("tool", "v1.2.3", {"bin/tool": "./cmd/tool"}, "example.test/tool", "h1:abc=")
GO_MOD = """module example.test/tool

require (
	example.test/api v1.2.3
	example.test/dated v0.0.0-20260102030405-0123456789ab
	example.test/part v0.0.0
)

replace example.test/api => ../api

replace (
	example.test/part => ./staging/src/part
	example.test/fork => example.test/other v1.0.0
)
"""


def make_archive(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    files = {"go.mod": GO_MOD, "main.go": 'import (\n\t_ "a/b"\n\t_ "a/c"\n)\n', "cmd/x.go": ""}
    return make_archive(
        tmp_path / "tool.zip",
        {f"example.test/tool@v1.2.3/{name}": text for name, text in files.items()},
    )


def test_replacements_by_directories_go_and_others_stay() -> None:
    found = programs.stand_alone(GO_MOD, "")
    assert "../api" not in found
    assert "./staging" not in found
    assert "example.test/fork => example.test/other v1.0.0" in found
    assert "example.test/part v0.0.0\n" in found


def test_staging_directories_become_released_modules() -> None:
    found = programs.stand_alone(GO_MOD, "v0.2.3")
    assert "\texample.test/part v0.2.3\n" in found
    assert "\texample.test/part => example.test/part v0.2.3\n" in found
    assert "example.test/dated v0.0.0-20260102030405-0123456789ab" in found


def test_a_module_is_laid_with_our_files_and_without_dropped_imports(
    archive: Path, tmp_path: Path
) -> None:
    (tmp_path / "go/kube").mkdir(parents=True)
    (tmp_path / "go/kube/main.go").write_text("package main\n")
    wanted = replace(MODULE, add={"cmd/kube": "go/kube"}, drop_imports={"main.go": ["a/b"]})
    tree = tmp_path / "tree"
    programs.lay_module(archive, wanted, tmp_path, tree)
    assert (tree / "cmd/kube/main.go").read_text() == "package main\n"
    assert (tree / "main.go").read_text() == 'import (\n\t_ "a/c"\n)\n'


def test_an_import_to_drop_that_is_not_there_is_an_error(archive: Path, tmp_path: Path) -> None:
    wanted = replace(MODULE, drop_imports={"main.go": ["a/z"]})
    with pytest.raises(BundleError, match="does not import a/z once"):
        programs.lay_module(archive, wanted, tmp_path, tmp_path / "tree")


@pytest.mark.parametrize("name", ["other@v1/x.go", "example.test/tool@v1.2.3/../../x.go"])
def test_an_archive_cannot_write_outside_its_tree(tmp_path: Path, name: str) -> None:
    archive = make_archive(tmp_path / "bad.zip", {name: ""})
    with pytest.raises(BundleError, match="which is not of"):
        programs.lay_module(archive, MODULE, tmp_path, tmp_path / "tree")
    assert not (tmp_path / "x.go").exists()


@pytest.fixture
def go(archive: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, str], list[list[str]]]:
    """Stand in for the toolchain: a download answers with ``answer``, a build writes its argv."""
    answer = {"Sum": "h1:abc=", "Zip": str(archive)}
    calls = []

    def run(
        argv: list[str],
        *,
        say: Callable[[str], None],
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> bytes:
        calls.append(argv)
        if argv[1] == "build":
            Path(argv[argv.index("-o") + 1]).write_text(argv[-1])
        return json.dumps(answer).encode()

    monkeypatch.setattr(programs, "run", run)
    return answer, calls


def build(program: Program, tmp_path: Path) -> Path:
    target = tmp_path / "out"
    target.mkdir()
    programs.build_program(program, root=tmp_path, target=target, environment={}, say=print)
    return target


def test_each_output_is_built_without_paths_ids_and_clocks(
    go: tuple[dict[str, str], list[list[str]]], tmp_path: Path
) -> None:
    wanted = replace(MODULE, tags=["a", "b"], variables={"x/version.V": "v1"})
    target = build(wanted, tmp_path)
    assert (target / "bin/tool").read_text() == "./cmd/tool"
    argv = go[1][-1]
    assert "-trimpath" in argv
    assert "-tags=a,b" in argv
    assert "-ldflags=-s -w -buildid= -X x/version.V=v1" in argv
    assert [one.name for one in target.iterdir()] == ["bin"]


def test_a_module_that_is_not_the_pinned_one_is_not_built(
    go: tuple[dict[str, str], list[list[str]]], tmp_path: Path
) -> None:
    go[0]["Sum"] = "h1:other="
    with pytest.raises(BundleError, match="has hash h1:other=, expected h1:abc="):
        build(MODULE, tmp_path)
    assert [argv[1] for argv in go[1]] == ["mod"]


def test_our_own_source_needs_no_download(
    go: tuple[dict[str, str], list[list[str]]], tmp_path: Path
) -> None:
    (tmp_path / "go/web").mkdir(parents=True)
    (tmp_path / "go/web/main.go").write_text("package main\n")
    target = build(Program("web", "1", {"web": "."}, source="go/web"), tmp_path)
    assert (target / "web").read_text() == "."
    assert [argv[1] for argv in go[1]] == ["build"]
