"""What people write: team, secret, runbook and workflow documents, their expressions, and their validation."""
