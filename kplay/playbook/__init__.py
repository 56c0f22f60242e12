"""Playbooks: read, checked and unfolded, nothing evaluated."""
