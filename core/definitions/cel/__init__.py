"""The expression language: a bounded CEL, from its tokens to its values."""
