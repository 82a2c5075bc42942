"""Shared by all services: the audit trail, notices, idempotency, and the incident as expressions see it."""
