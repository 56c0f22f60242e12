"""Runs: from options to exit codes, journaled, continued where they broke."""
