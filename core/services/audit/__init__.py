"""The audit trail: its hash chain, and reading it."""
