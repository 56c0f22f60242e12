"""SSH by paramiko; the only package that imports fabric and paramiko."""
