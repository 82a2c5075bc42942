"""Starts runbooks and workflows, and limits how many may start."""
