"""Ansible's vault: texts and files that only a password opens."""
