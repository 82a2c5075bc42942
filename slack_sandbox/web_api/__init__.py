"""Slack's Web API: one module for each family of methods, with its METHODS; the registry collects them."""
