"""Read models of stored things, a module for each kind of thing."""
