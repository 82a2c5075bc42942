"""Freezes: declare and lift them, and check whether one is in force."""
