"""Freezes: declaring them, and what they hold back."""
