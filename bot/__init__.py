"""The interfaces: Slack, REST and web pages. Built on `core` alone."""
