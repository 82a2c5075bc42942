"""Simulation of runbooks, with no effects: the test cases under `tests:`, and dry runs."""
