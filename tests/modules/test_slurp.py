from __future__ import annotations

import base64

import pytest

from kplay.modules.slurp import module
from kplay.testing import FakeHost, plan, play


@pytest.mark.parametrize("data", [b"", b"text\n", b"\x00\xff"])
def test_content_in_base64(data: bytes) -> None:
    done = plan(module, {"src": "/f"}, FakeHost(files={"/f": data}))
    assert base64.b64decode(done["content"]) == data
    assert (done["source"], done["encoding"], done.changed) == ("/f", "base64", False)


def test_through_a_link() -> None:
    there = FakeHost(files={"/f": b"x"}, links={"/l": "/f"})
    assert plan(module, {"path": "/l"}, there)["source"] == "/l"


@pytest.mark.parametrize(
    ("path", "message"), [("/none", "file not found: /none"), ("/etc", "source is a directory")]
)
def test_refused(path: str, message: str) -> None:
    done = play(module, {"src": path}, FakeHost())
    assert done.failed
    assert message in done.msg


def test_a_file_that_is_missing_is_unknown_in_a_plan() -> None:
    assert plan(module, {"src": "/none"}, FakeHost()).unknown == "no file /none on the host yet"
