"""The poster: brings Slack to the state in the database, at the pace that Slack allows."""
