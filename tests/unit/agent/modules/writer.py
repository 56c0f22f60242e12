"""Tries to write while it observes: a plan has no way to."""

from kplay.modules.api import Module


def observe(probe, args):
    probe.write("/tmp/kplay-must-not-exist", b"")
    return {}


module = Module("writer", {}, observe, lambda args, found: {}, None)
