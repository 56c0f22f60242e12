"""What can be said of playbooks without a packet: variables, forms, handlers, tags, files."""
