"""Fuzz everything that can be sent with a token or with Slack's signing secret. Run it with `make fuzz`."""
