from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from kplay.report.stream import Lasting

if TYPE_CHECKING:
    from pathlib import Path


def test_a_reader_that_leaves_is_not_missed() -> None:
    code = (
        "import sys\nfrom kplay.report.stream import Lasting\nstream = Lasting(sys.stdout)\n"
        "for number in range(9):\n    stream.write('line\\n')\n    stream.flush()\n"
        "print('done', file=sys.stderr)\n"
    )
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "done\n")


def test_a_stream_that_is_read_has_everything(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as file:
        stream = Lasting(file)
        stream.write("line\n")
        stream.flush()
        assert (tmp_path / "out").read_text() == "line\n"
