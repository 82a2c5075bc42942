"""Alembic migrations; a test checks that they produce core's tables."""
