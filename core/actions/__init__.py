"""The things a workflow does: one file an action type, found by the registry."""
