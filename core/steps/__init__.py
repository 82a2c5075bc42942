"""The things a runbook does: one file a step type, found by the registry."""
