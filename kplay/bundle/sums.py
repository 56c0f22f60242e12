"""What a release lists: its files with their SHA-256."""

from __future__ import annotations

import re
from typing import NamedTuple

import yaml

from kplay.bundle.model import BundleError
from kplay.yaml_reader import plain

_LINE = re.compile(r"([0-9a-f]{64}) [ *](?:\./)?(\S.*)")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Listed(NamedTuple):
    """A file of a release; ``link`` is where it lies, when that is not beside the list."""

    name: str
    sha256: str
    link: str = ""


def read_sums(text: str) -> dict[str, Listed]:
    """Read lines as sha256sum writes them, by file."""
    found = (_LINE.fullmatch(line.strip()) for line in text.splitlines())
    return {one[2]: Listed(one[2], one[1]) for one in found if one}


def read_index(text: bytes, version: str, url: str) -> dict[str, Listed]:
    """Read a Helm repository's index: charts of a version, with or without ``v``, by name.

    Raises:
        BundleError: it is no such index, or a chart has no digest.
    """
    try:
        entries = plain(text)["entries"]
        found = {}
        for chart, releases in entries.items():
            for one in releases:
                if str(one["version"]).removeprefix("v") == version.removeprefix("v"):
                    link = str(one["urls"][0])
                    digest = str(one.get("digest") or "").removeprefix("sha256:")
                    found[str(chart)] = Listed(link.rpartition("/")[2], digest, link)
    except (yaml.YAMLError, LookupError, TypeError, AttributeError) as error:
        raise BundleError(f"{url} is no index of a chart repository") from error
    for chart, one in found.items():
        if not _SHA256.fullmatch(one.sha256):
            raise BundleError(f"{url} has no SHA-256 of chart {chart} {version}")
    return found
