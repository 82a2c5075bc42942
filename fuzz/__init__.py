"""Fuzzing: what anybody with a token, or with the signing secret, may send. `make fuzz` runs it."""
