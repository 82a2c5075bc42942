"""Agents, as they come: over HTTP and standard input, with the official client and with one of others."""
