"""Every rule of the preflight, in one table; docs/preflight.md has a row for each."""

from __future__ import annotations

from kplay.actions.preflight import (
    rules_components,
    rules_identity,
    rules_leftovers,
    rules_network,
    rules_ports,
    rules_registration,
    rules_system,
    rules_versions,
)

RULES = (
    *rules_identity.RULES,
    *rules_registration.RULES,
    *rules_ports.RULES,
    *rules_network.RULES,
    *rules_system.RULES,
    *rules_leftovers.RULES,
    *rules_versions.RULES,
    *rules_components.RULES,
)
