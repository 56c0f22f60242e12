"""Where bundles and toolchains are kept: a cache outside any checkout."""

from __future__ import annotations

import os
from pathlib import Path

from kplay.bundle.components import load_components

_SHOWN = 12  # digits of the component list's digest in a directory's name


def cache_root() -> Path:
    """Give ``$KPLAY_CACHE``, or ``kplay`` in the user's cache directory."""
    if chosen := os.environ.get("KPLAY_CACHE"):
        return Path(chosen).expanduser()
    user = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(user).expanduser() / "kplay"


def default_directory() -> Path:
    """Give the directory of the bundle of the component list that kplay comes with.

    It is named after the Kubernetes version and a digest of the list, so that another list
    never meets this one's files.

    Raises:
        BundleInputError: the list cannot be read.
    """
    components = load_components()
    name = f"{components.kubernetes}-{components.digest[:_SHOWN]}"
    return cache_root() / "bundles" / name
