"""The slash command's verbs from a terminal: a client of the REST API, which decides everything."""
