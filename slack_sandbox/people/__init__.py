"""The HTTP API for people: for the page, tests and demo drivers."""
