"""Inventory and playbooks as a dependency graph."""
