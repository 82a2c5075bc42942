"""The values that decisions are about: an execution with its steps."""
