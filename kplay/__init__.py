"""kplay: playbooks as a dependency graph, over SSH, with an exact plan."""

__version__ = "0.1.0"
