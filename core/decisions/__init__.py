"""Decisions: pure functions from values to values. Nothing here reads a clock, a database or a network."""
