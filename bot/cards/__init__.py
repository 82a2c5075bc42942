"""Slack messages as Block Kit, rendered from core's views only."""
