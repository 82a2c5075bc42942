"""The checker's rules, one module per part of the model."""
