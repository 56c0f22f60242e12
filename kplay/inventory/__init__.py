"""Inventories: hosts, groups, their variables, and patterns over them."""
