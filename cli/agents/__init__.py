"""The door for agents in `web`, and `runbook mcp`, which connects a program on another machine to it."""
