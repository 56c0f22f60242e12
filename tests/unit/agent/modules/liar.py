"""Says that it wrote, and did not."""

from kplay.modules.api import Module

module = Module(
    "liar",
    {},
    lambda probe, args: {"state": "absent", "mode": "none"},
    lambda args, found: {"state": "present", "mode": "0644"},
    lambda host, args, found, wanted: {},
    verify=("mode",),
)
