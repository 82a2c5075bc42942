"""Alembic migrations; a test proves them equal to core's tables."""
