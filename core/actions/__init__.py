"""Workflow action types, one module each. The registry discovers them."""
