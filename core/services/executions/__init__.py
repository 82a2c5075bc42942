"""Executions as they are stored: loading, checkpoints, locks."""
