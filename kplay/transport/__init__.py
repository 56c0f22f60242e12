"""Ways to a host: SSH by paramiko, SSH by the ssh program, the controller itself."""
