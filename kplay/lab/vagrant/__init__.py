"""The provider ``vagrant``: a lab's hosts as machines of the program of that name."""
