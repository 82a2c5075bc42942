"""The face: Slack in and out, REST, pages. It stands on core."""
