"""The roof: the one place that composes settings, engine and processes."""
