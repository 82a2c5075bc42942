"""Stored executions: loading, checkpoints, locks, secret parameters."""
