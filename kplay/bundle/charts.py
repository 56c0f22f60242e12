"""Pack Helm charts that lie in Go modules, as a release of the upstream would."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from kplay.bundle.model import BundleError

if TYPE_CHECKING:
    from pathlib import Path

    from kplay.bundle.components import Chart

_NAME = re.compile(r"^name: *[\"']?([\w.-]+)", re.MULTILINE)
_VERSION = re.compile(r"^(version|appVersion): .*$", re.MULTILINE)


def pack_chart(chart: Chart, module: Path, target: Path) -> None:
    """Write the chart of a module's archive as Helm packs one; the same bytes every time.

    Raises:
        BundleError: the module has no chart there.
    """
    prefix = PurePosixPath(f"{chart.module}@{chart.version}", chart.directory)
    with zipfile.ZipFile(module) as packed:
        files = {
            path.relative_to(prefix): packed.read(name)
            for name in packed.namelist()
            if (path := PurePosixPath(name)).is_relative_to(prefix)
        }
    about = files.get(PurePosixPath("Chart.yaml"), b"").decode()
    named = _NAME.search(about)
    if named is None:
        raise BundleError(f"{chart.module} {chart.version} has no chart in {chart.directory}")
    versioned = _VERSION.sub(rf"\1: {chart.version}", about)
    files[PurePosixPath("Chart.yaml")] = versioned.encode()
    left_out = [PurePosixPath(one) for one in chart.leave_out]
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.new")
    with (
        draft.open("wb") as file,
        gzip.GzipFile("", "wb", 9, file, mtime=0) as inner,
        tarfile.open(fileobj=inner, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for path, data in sorted(files.items()):
            if any(path.is_relative_to(one) for one in left_out):
                continue
            member = tarfile.TarInfo(str(PurePosixPath(named[1], path)))
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))
    draft.replace(target)
