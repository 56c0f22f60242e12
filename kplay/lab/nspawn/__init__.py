"""Labs of whole Debian machines on this host's kernel: systemd-nspawn, bridges and overlays."""
