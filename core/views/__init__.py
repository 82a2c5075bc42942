"""What is shown of what is stored, a module for each kind of thing."""
