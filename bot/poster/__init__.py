"""The poster: updates Slack to show the state in the database, within Slack's rate limits."""
