"""What all services use: the audit trail, notices, idempotency, the values of an incident."""
