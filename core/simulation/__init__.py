"""Runbooks without the world: the cases under `tests:`, and dry runs."""
