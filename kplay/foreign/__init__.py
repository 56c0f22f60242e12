"""Modules that are not kplay's: found on the controller, packed, and run on hosts as they are."""
