"""Example teams, runbooks and workflows to start from, and a target system that they act on."""
