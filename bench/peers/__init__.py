"""Forty steps in other systems. Each module is a program that runs in an environment of its own: `make bench-peers`."""
