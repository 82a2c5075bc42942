"""Apps of others, which know nothing of this project, tested with slack_sandbox.testing."""
