"""Converts rows into the views that REST, Slack and pages show."""
