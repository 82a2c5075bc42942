"""Retention: which executions are old enough to be deleted, and deleting them."""
