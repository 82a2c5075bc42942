"""Agents: the Model Context Protocol server by which they read incidents and propose runs (docs/agents.md)."""
