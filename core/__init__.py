"""The core: definitions, decisions, execution. It knows neither Slack nor an HTTP server nor process loops."""
