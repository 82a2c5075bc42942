"""The service: definitions, decisions, execution. It knows no Slack, no HTTP server and no process loop."""
