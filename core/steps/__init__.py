"""Runbook step types, one module each. The registry discovers them."""
