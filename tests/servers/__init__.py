"""Real servers that tests talk to, on loopback ports of their own; each ends with the process that started it."""
