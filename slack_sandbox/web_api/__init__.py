"""Slack's Web API: one module a family of methods, each with its METHODS; the registry puts them together."""
