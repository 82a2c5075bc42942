"""How long runs take and where they fail."""
