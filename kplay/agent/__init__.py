"""The process on the host: bootstrap and session run on the controller, the rest on the host."""
