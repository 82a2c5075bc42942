"""Slack modals: forms for what a command still needs to know."""
