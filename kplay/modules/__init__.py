"""What tasks call. Everything here runs on hosts: Python 3.6, standard library only."""
