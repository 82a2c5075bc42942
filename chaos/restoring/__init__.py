"""Restores: the database is dumped in the midst of runs, they go on, and the copy is restored elsewhere and started."""
