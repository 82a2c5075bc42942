"""Restores: the database is dumped while runs are active, and the dump is restored and started elsewhere."""
