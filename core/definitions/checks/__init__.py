"""Validation beyond the structure of a single document."""
