"""The workspace: who is in it, its channels, what was said, which modals stand open."""
