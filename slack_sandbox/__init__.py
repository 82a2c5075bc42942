"""A Slack workspace on your own machine. It knows only Slack's public protocol."""
