"""The values that decisions work on: an execution with its steps, and its events."""
