"""Small servers that play other systems, from the documentation of their APIs. No real one was called."""
