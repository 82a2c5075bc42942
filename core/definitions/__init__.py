"""What people write: team, runbook and workflow documents, their expressions and their validation."""
