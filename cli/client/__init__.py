"""The slash command's verbs in a terminal: a client of the REST API, which makes every decision."""
