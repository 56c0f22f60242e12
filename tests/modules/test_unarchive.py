from __future__ import annotations

import io
import tarfile
import zipfile

import pytest

from kplay.agent.host import Response
from kplay.modules.unarchive import module
from kplay.testing import FakeHost, plan, play

FILES = {"tool/bin/run": (b"#!/bin/sh\n", 0o755), "tool/README": (b"read\n", 0o644)}


def tar(kind: str = "gz", extra: str = "") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{kind}") as made:
        directory = tarfile.TarInfo("tool")
        directory.type, directory.mode, directory.mtime = tarfile.DIRTYPE, 0o755, 1_600_000_000
        made.addfile(directory)
        for name, (data, mode) in FILES.items():
            one = tarfile.TarInfo(name)
            one.size, one.mode, one.mtime = len(data), mode, 1_600_000_000
            made.addfile(one, io.BytesIO(data))
        link = tarfile.TarInfo("tool/link")
        link.type, link.linkname = tarfile.SYMTYPE, "bin/run"
        made.addfile(link)
        if extra:
            made.addfile(tarfile.TarInfo(extra))
    return out.getvalue()


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, (data, mode) in FILES.items():
            one = zipfile.ZipInfo(name)
            one.external_attr = (0o100000 | mode) << 16
            made.writestr(one, data)
    return out.getvalue()


def host(data: bytes) -> FakeHost:
    made = FakeHost(files={"/tmp/a": data}, users={"bob": {"uid": 1000}})
    made.add_dir("/opt")
    made.add_file("/usr/bin/there")
    return made


ARGS = {"src": "/tmp/a", "dest": "/opt", "remote_src": True}


@pytest.mark.parametrize(
    ("data", "handler"),
    [
        (tar(), "TgzArchive"),
        (tar(""), "TarArchive"),
        (tar("bz2"), "TarBzipArchive"),
        (tar("xz"), "TarXzArchive"),
        (zipped(), "ZipArchive"),
    ],
    ids=["gz", "tar", "bz2", "xz", "zip"],
)
def test_archives(data: bytes, handler: str) -> None:
    there = host(data)
    planned = plan(module, ARGS, there)
    assert (planned.action, planned["handler"]) == ("update", handler)
    done = play(module, ARGS, there)
    assert not done.failed, done.msg
    assert there.text("/opt/tool/README") == "read\n"
    run = there.stat("/opt/tool/bin/run")
    assert run is not None
    assert run.mode == 0o755
    assert plan(module, ARGS, there).action == "none"
    there.write("/opt/tool/README", b"other")
    assert plan(module, ARGS, there).before == {"unlike": ["/opt/tool/README"]}
    assert play(module, ARGS, there).changed
    assert not play(module, ARGS, there).changed


def test_a_plan_names_every_path() -> None:
    there = host(tar())
    keys = [key for _, key, _ in plan(module, ARGS, there).effects]
    assert keys == ["/opt/tool", "/opt/tool/bin/run", "/opt/tool/README", "/opt/tool/link"]
    play(module, ARGS, there)
    assert {path for _, path in there.writes} <= {*keys, "/opt/tool/bin"}


@pytest.mark.parametrize(
    ("options", "paths"),
    [
        ({"extra_opts": ["--strip-components=1"]}, ["/opt/README", "/opt/bin/run", "/opt/link"]),
        ({"extra_opts": ["--strip-components", "2"]}, ["/opt/run"]),
        ({"include": ["tool/README"]}, ["/opt/tool/README"]),
        ({"exclude": ["tool/bin/*", "tool/link", "tool"]}, []),
        ({"exclude": ["tool/bin"]}, ["/opt/tool", "/opt/tool/README", "/opt/tool/link"]),
    ],
    ids=str,
)
def test_some_of_it(options: dict[str, object], paths: list[str]) -> None:
    effects = plan(module, {**ARGS, **options}, host(tar())).effects
    assert sorted(key for _, key, _ in effects) == paths


def test_owner_and_mode_for_all() -> None:
    there = host(tar())
    args = {**ARGS, "owner": "bob", "mode": "0700"}
    play(module, args, there)
    stat = there.stat("/opt/tool/README")
    assert stat is not None
    assert (stat.owner, stat.mode) == ("bob", 0o700)
    assert not play(module, args, there).changed


def test_creates_is_a_guard() -> None:
    done = plan(module, {**ARGS, "creates": "/usr/bin/th*"}, host(tar()))
    assert (done.action, done["msg"]) == ("none", "skipped, since /usr/bin/th* exists")


def test_from_the_controller() -> None:
    there = host(b"")
    args = {"src": "tool.tgz", "dest": "/opt", "_content": there.blob(tar()), "list_files": True}
    done = play(module, args, there)
    assert not done.failed, done.msg
    assert done["files"] == ["tool/", "tool/bin/run", "tool/README", "tool/link"]


def test_from_a_url_is_unknown_until_it_is_fetched() -> None:
    there = host(b"")
    there.serve("https://x/a.tgz", tar())
    args = {**ARGS, "src": "https://x/a.tgz"}
    assert plan(module, args, there).action == "unknown"
    assert play(module, args, there).changed


REFUSED = [
    (tar(), {"dest": "/none"}, "dest '/none' must be an existing dir"),
    (tar(), {"src": "/none"}, "Source '/none' does not exist"),
    (b"text", {}, "Failed to find handler"),
    (tar(extra="../evil"), {}, "leads out of its directory: ../evil"),
    (tar(extra="/evil"), {}, "leads out of its directory: /evil"),
    (tar(), {"extra_opts": ["--transform=x"]}, "only --strip-components is known"),
]


@pytest.mark.parametrize(("data", "args", "message"), REFUSED)
def test_refused(data: bytes, args: dict[str, object], message: str) -> None:
    there = host(data)
    before = there.files.snapshot()
    done = play(module, {**ARGS, **args}, there)
    assert done.failed
    assert message in done.msg
    assert there.files.snapshot() == before


def test_a_link_that_leads_out_is_not_followed() -> None:
    there = host(tar())
    there.add_dir("/elsewhere")
    there.add_link("/opt/tool", "/elsewhere")
    done = play(module, ARGS, there)
    assert done.failed
    assert "leads out of /opt" in done.msg


def test_the_group_of_what_is_unpacked() -> None:
    there = host(tar())
    there.add_group("web", 900)
    assert not play(module, {**ARGS, "group": "web"}, there).failed
    stats = [there.stat(f"/opt/{name}") for name in ("tool", *FILES)]
    assert [one.gid for one in stats if one] == [900, 900, 900]
    assert not play(module, {**ARGS, "group": "web"}, there).changed


@pytest.mark.parametrize(("keep", "text"), [(True, "mine\n"), (False, "read\n")])
def test_newer_files_are_kept_when_asked(text: str, *, keep: bool) -> None:
    there = host(tar())
    there.add_file("/opt/tool/README", "mine\n")
    args = {**ARGS, "keep_newer": keep}
    assert ("/opt/tool/README" in plan(module, args, there).before["unlike"]) is not keep
    play(module, args, there)
    assert there.text("/opt/tool/README") == text


def test_an_older_file_is_replaced_all_the_same() -> None:
    there = host(tar())
    there.add_file("/opt/tool/README", "mine\n")
    there.utime("/opt/tool/README", 1_500_000_000, 1_500_000_000)
    play(module, {**ARGS, "keep_newer": True}, there)
    assert there.text("/opt/tool/README") == "read\n"


@pytest.mark.parametrize("verify", [True, False])
def test_an_archive_at_a_url(*, verify: bool) -> None:
    there, seen = host(b""), []

    def http(*args: object, **_: object) -> Response:
        seen.append(args[5])
        return Response(200, {}, tar(), "", "")

    there.http = http  # type: ignore[method-assign]
    args = {**ARGS, "src": "https://dl.example/a.tgz", "validate_certs": verify}
    assert not play(module, args, there).failed
    assert there.text("/opt/tool/README") == "read\n"
    assert set(seen) == {verify}


def test_buffers_are_no_matter_where_members_are_read_whole() -> None:
    small, large = host(tar()), host(tar())
    play(module, {**ARGS, "io_buffer_size": 1}, small)
    play(module, {**ARGS, "io_buffer_size": 1 << 20}, large)
    assert small.state() == large.state()
    assert small.text("/opt/tool/README") == "read\n"
