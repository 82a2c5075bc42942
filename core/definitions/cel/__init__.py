"""The expression language: a bounded subset of CEL, from tokens to values."""
