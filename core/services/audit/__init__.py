"""The audit trail's chain, and reading it."""
