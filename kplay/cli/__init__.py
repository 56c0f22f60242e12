"""The command line: a file per verb, each with ``add`` (its options) and ``run`` (what it does)."""
